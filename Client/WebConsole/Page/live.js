import { drawLanes, drawWaterfall, duration, el, facts } from './draw.js';
import { $, drawMachine, request } from './machine.js';

const every = 1000;
let drawn = '';
let before = null;
let shown = '';

async function look() {
  const cluster = await request('/api/cluster');
  $('cluster').textContent = `cluster ${cluster.cluster}, seen from ${cluster.silo}`;
  $('cluster-missing').textContent = cluster.missing.map(why => `Machines may be missing: ${why}.`).join(' ');
  choose(cluster.machines);
  const name = $('machines').value;
  $('welcome').hidden = name !== '';
  $('machine').hidden = name === '';
  if (name !== '') {
    draw(name, await request(`/api/machines/${encodeURIComponent(name)}`));
  }
  $('errors').textContent = '';
}

// The list changes only when a machine has come or gone, so that an open list stays open.
function choose(machines) {
  const known = [...$('machines').options].map(option => option.value);
  if (known.join() !== machines.join()) {
    const chosen = machines.includes($('machines').value) ? $('machines').value : machines.at(-1) ?? '';
    $('machines').replaceChildren(...machines.map(name => el('option', { value: name, textContent: name })));
    $('machines').value = chosen;
  }
}

function draw(name, { machine, note, flows }) {
  const text = name + JSON.stringify([machine, note, flows]);
  if (text === drawn) {
    return;
  }
  drawn = text;
  $('note').textContent = note ?? '';
  drawFlows(flows);
  if (machine === null) {
    return;
  }
  drawMachine(machine, before?.name === name ? before.pool : undefined);
  before = { name, pool: machine.pool };
}

function drawFlows(flows) {
  const focused = document.activeElement?.dataset.trace;
  $('flows').replaceChildren(...flows.map(flow => {
    const open = el('button', { type: 'button', textContent: flow.name });
    open.dataset.trace = flow.traceId;
    open.addEventListener('click', () => show(flow));
    return el('tr', { className: flow.cause ? 'failed' : '' },
      el('td', { textContent: new Date(flow.start).toLocaleTimeString('en-GB') }), el('td', {}, open), el('td', { textContent: String(flow.spans) }),
      el('td', { textContent: duration(flow.durationUs) }), el('td', { textContent: flow.cause ?? '' }));
  }));
  if (focused) {
    $('flows').querySelector(`[data-trace="${focused}"]`)?.focus();
  }
}

async function show(flow) {
  shown = flow.traceId;
  try {
    const view = await request(`/api/flows/${flow.traceId}`);
    if (shown === flow.traceId) {
      $('flow-missing').textContent = view.missing.map(why => `Spans may be missing: ${why}.`).join(' ');
      $('flow-title').textContent = view.name === null ? `${flow.name} is kept no more` : `${view.name}: ${facts(view)}`;
      drawLanes($('lanes'), view.messages);
      drawWaterfall($('waterfall').tBodies[0], view);
      $('waterfall').hidden = false;
    }
  } catch (error) {
    $('errors').textContent = error.message;
  }
}

async function tick() {
  if ($('live').checked && !document.hidden) {
    try {
      await look();
    } catch (error) {
      $('errors').textContent = error.message;
    }
  }
  setTimeout(tick, every);
}

$('machines').addEventListener('change', () => look().catch(error => {
  $('errors').textContent = error.message;
}));
$('waterfall').hidden = true;
$('choose').addEventListener('submit', event => event.preventDefault());
tick();
