import { drawLanes, drawWaterfall, drawWhy, el, facts } from './draw.js';
import { $, drawMachine, request } from './machine.js';

const views = new Map();
let run = null;
let at = 0;
let asked = 0;
let shown = null;
let playing = null;

async function begin() {
  const settings = await request('/api/settings');
  $('profile').append(...settings.profiles.map(name => el('option', { value: name, textContent: name, selected: name === settings.defaultProfile })));
  $('example').append(...settings.examples.map(example => el('option', { value: example.name, textContent: example.name })));
  $('cluster').textContent = settings.cluster === null ? '' : `on cluster ${settings.cluster}`;
  const choose = () => {
    $('scenario').value = settings.examples.find(example => example.name === $('example').value)?.text ?? '';
  };
  $('example').addEventListener('change', () => {
    choose();
    $('schedule').value = '';
    showSchedule();
  });
  $('scenario').addEventListener('input', showSchedule);
  choose();
  showSchedule();
  await openNamed();
}

/** A schedule belongs to scenarios in which several commands run at the same time. */
function showSchedule() {
  $('schedule-label').hidden = !/^\s*parallel\b/m.test($('scenario').value);
}

/** Opens the run that the address names, and its step if it names one: #run=1, #run=1&step=12. */
async function openNamed() {
  const [, id, step] = /^#run=(\w+)(?:&step=(\d+))?$/.exec(location.hash) ?? [];
  if (!id) {
    return;
  }
  const named = await request(`/api/runs/${id}`);
  $('scenario').value = named.scenario;
  if (![...$('profile').options].some(option => option.value === named.profile)) {
    $('profile').append(el('option', { value: named.profile, textContent: named.profile }));
  }
  $('profile').value = named.profile;
  $('nodes').value = named.nodes;
  $('example').prepend(el('option', { value: '', textContent: '(this run)', selected: true }));
  await showRun(named, Number(step ?? 1) - 1);
}

async function runScenario(event) {
  event?.preventDefault();
  stopPlaying();
  $('run').disabled = true;
  $('errors').textContent = '';
  try {
    await showRun(await request('/api/runs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        scenario: $('scenario').value, profile: $('profile').value, nodes: Number($('nodes').value), schedule: $('schedule').value,
      }),
    }));
  } catch (error) {
    $('errors').textContent = error.message;
  } finally {
    $('run').disabled = false;
  }
}

/** Shows a run at one of its steps; that once only, because a reader may choose another as soon as there is a list. */
async function showRun(answer, first = 0) {
  run = answer;
  views.clear();
  showSchedule();
  $('schedule').value = run.schedule ?? '';
  $('errors').textContent = run.errors.join('\n');
  $('steps').replaceChildren(...run.steps.map((step, i) => stepLine(step, i)));
  $('end').textContent = run.end ? `End: ${run.end.leak ? 'LEAK' : 'no leak'}, ${run.end.counters}` : '';
  $('welcome').hidden = run.steps.length > 0;
  $('machine').hidden = run.steps.length === 0;
  if (run.steps.length > 0) {
    await show(run.steps[first] ? first : 0);
    $('steps').focus();
  }
}

function stepLine(step, i) {
  if (step.delivery) {
    return deliveryLine(step, i);
  }
  const line = el('li', { id: `step-${i}`, className: step.failed || step.deaths.length ? 'failed' : '', title: step.changes.join(', ') },
    el('span', { className: 'number', textContent: step.number }),
    el('span', { textContent: step.command }),
    el('span', { className: 'answer', textContent: step.answer }));
  line.setAttribute('role', 'option');
  line.addEventListener('click', () => show(i));
  return line;
}

function deliveryLine(step, i) {
  const { thread, isSwitch } = step.delivery;
  const line = el('li', { id: `step-${i}`, className: isSwitch ? 'delivery switch' : 'delivery', title: `for ${step.command}` },
    el('span', { className: 'number', textContent: step.number }),
    el('span', {}, el('span', { className: 'thread', textContent: isSwitch ? `${thread} goes on: ` : `${thread}: ` }), whatIsDelivered(step.delivery)),
    el('span', { className: 'changes', textContent: step.changes.filter(change => !/^n\d/.test(change)).join(', ') }));
  line.setAttribute('role', 'option');
  line.addEventListener('click', () => show(i));
  return line;
}

const whatIsDelivered = ({ from, to, method, isAnswer }) => `${from} ${isAnswer ? 'answers' : 'calls'} ${to}: ${method}`;

async function view(i) {
  if (i < 0) {
    return null;
  }
  if (!views.has(i)) {
    views.set(i, request(`/api/runs/${run.id}/steps/${i + 1}`));
  }
  return views.get(i);
}

async function show(i) {
  if (!run || i < 0 || i >= run.steps.length) {
    return;
  }
  stopPlaying();
  at = i;
  for (const [number, line] of [...$('steps').children].entries()) {
    line.setAttribute('aria-selected', String(number === i));
  }
  $('steps').setAttribute('aria-activedescendant', `step-${i}`);
  reveal($('steps'), $('steps').children[i]);
  [$('first').disabled, $('back').disabled] = [i === 0, i === 0];
  [$('forward').disabled, $('last').disabled] = [i === run.steps.length - 1, i === run.steps.length - 1];
  shown = drawOnceHere(i, ++asked);
  await shown;
}

/** Draws a step when the silo has answered, and says what there is to play of it: nothing if another step was chosen meanwhile. */
async function drawOnceHere(i, ticket) {
  try {
    const [now, before] = await Promise.all([view(i), view(i - 1)]);
    return ticket === asked ? draw(now, before) : null;
  } catch (error) {
    $('errors').textContent = error.message;
    return null;
  }
}

/** Scrolls a list and not the page: whoever reads something below it keeps his place. */
function reveal(list, line) {
  const [inside, outside] = [line.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollTop += Math.min(0, inside.top - outside.top) + Math.max(0, inside.bottom - outside.bottom);
}

function draw(now, before) {
  const { step, machine, flow, explanation } = now;
  $('step-title').textContent = `Step ${step.number} of ${run.steps.length}, line ${step.line}`;
  $('step-line').textContent = step.delivery
    ? `${step.delivery.isSwitch ? 'The schedule goes on with' : 'In'} ${step.delivery.thread} (${step.command}): ${whatIsDelivered(step.delivery)}`
    : [`${step.command}  →  ${step.answer}`, ...step.deaths.map(death => `! ${death}`)].join('   ');
  drawWhy($('why'), explanation);
  drawMachine(machine, before?.machine.pool);
  $('flow-facts').textContent = `${facts(flow)}, trace ${flow.traceId}`;
  $('play').disabled = flow.messages.length === 0;
  $('message').textContent = '';
  const drawn = drawLanes($('lanes'), flow.messages);
  mark(flow, drawn);
  drawWaterfall($('waterfall').tBodies[0], flow);
  return { messages: flow.messages, drawn };
}

/** Of a delivery the lanes show its whole block, and where it stands. */
function mark(flow, drawn) {
  if (flow.now === null) {
    return;
  }
  const { from, to, method } = flow.messages[flow.now];
  drawn[0].ownerSVGElement.classList.remove('all');
  drawn[flow.now].classList.add('now');
  $('message').textContent = `Delivery ${flow.now + 1} of ${flow.messages.length}: ${from} → ${to}: ${method}`;
}

/** What is played belongs to the step that is chosen, which may not be here yet: the one before it is still drawn then. */
async function playOrStop() {
  if (playing) {
    stopPlaying();
    return;
  }
  const chosen = shown;
  const lanes = await chosen;
  if (chosen === shown && !playing && lanes?.messages.length) {
    play(lanes);
  }
}

function play({ messages, drawn }) {
  const svg = drawn[0].ownerSVGElement;
  svg.classList.remove('all');
  let next = 0;
  const tick = () => {
    drawn[next - 1]?.classList.remove('now');
    if (next === messages.length) {
      stopPlaying();
      return;
    }
    const message = messages[next];
    drawn[next].classList.add('now');
    $('message').textContent = `${next + 1} of ${messages.length}: ${message.from} → ${message.to}: ${message.method}${message.failed ? ', failed' : ''}`;
    next++;
  };
  playing = { timer: setInterval(tick, 900), svg };
  $('play').textContent = 'Stop';
  tick();
}

function stopPlaying() {
  if (playing) {
    clearInterval(playing.timer);
    playing.svg.classList.add('all');
    playing.svg.querySelectorAll('.now').forEach(message => message.classList.remove('now'));
    playing = null;
    $('play').textContent = 'Play messages';
  }
}

function nextFailure() {
  const failed = i => run.steps[i].failed || run.steps[i].deaths.length > 0;
  const order = [...run?.steps.keys() ?? []].map(i => (at + 1 + i) % run.steps.length);
  const found = order.find(failed);
  if (found !== undefined) {
    show(found);
  }
}

$('run-form').addEventListener('submit', runScenario);
$('first').addEventListener('click', () => show(0));
$('back').addEventListener('click', () => show(at - 1));
$('forward').addEventListener('click', () => show(at + 1));
$('last').addEventListener('click', () => show(run.steps.length - 1));
$('failure').addEventListener('click', nextFailure);
$('play').addEventListener('click', playOrStop);

document.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    runScenario(event);
    return;
  }
  if (!run || event.altKey || event.ctrlKey || event.metaKey || event.target.closest('textarea, select, input, .scroll')) {
    return;
  }
  const inSteps = event.target === $('steps');
  const action = {
    ArrowLeft: () => show(at - 1), ArrowRight: () => show(at + 1), f: nextFailure,
    ArrowUp: inSteps && (() => show(at - 1)), ArrowDown: inSteps && (() => show(at + 1)),
    Home: inSteps && (() => show(0)), End: inSteps && (() => show(run.steps.length - 1)),
  }[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

begin().catch(error => {
  $('errors').textContent = error.message;
});
