// Draws a machine and a flow. Everything that comes from the scenario is set as text, never as markup.

/** Makes an element. */
export function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export const duration = us => us < 10000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(1)} ms`;

const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;

/** How much a flow is. */
export const facts = flow => `${count(flow.messages.length, 'message')}, ${count(flow.spans.length, 'span')}, ${duration(flow.durationUs)}`;

export function drawPool(target, now, before) {
  const names = [
    ['nr', 'HugePages_Total'], ['free', 'HugePages_Free'], ['resv', 'HugePages_Rsvd'], ['surplus', 'HugePages_Surp'], ['overcommit', 'overcommit'],
  ];
  const rows = names.map(([key, label]) => number(label, now[key], before?.[key]));
  rows.push(number('free - resv', now.free - now.resv, before && before.free - before.resv));
  target.replaceChildren(...rows);
}

function number(label, value, before) {
  const changed = before !== undefined && before !== value;
  const note = changed ? el('small', { textContent: ` was ${before}` }) : null;
  return el('div', { className: changed ? 'changed' : '' }, el('dt', { textContent: label }), el('dd', {}, String(value), note));
}

export function drawTable(target, title, heads, rows) {
  if (rows.length === 0) {
    target.replaceChildren();
    return;
  }
  const head = el('tr', {}, ...heads.map(text => el('th', { scope: 'col', textContent: text })));
  const body = rows.map(row => el('tr', {}, ...row.map(text => el('td', { textContent: text }))));
  target.replaceChildren(el('h3', { textContent: title }), el('table', {}, el('thead', {}, head), el('tbody', {}, ...body)));
}

export function drawFrames(target, nodes) {
  target.replaceChildren(...nodes.flatMap(node => {
    const title = `Node ${node.node}: ${node.free} of ${node.nr} free` + (node.surplus ? `, ${node.surplus} surplus` : '');
    const cells = node.frames.map(frame => {
      const kind = !frame.used ? 'free' : frame.users.length > 1 ? 'several' : frame.kind;
      const what = frame.used ? `${frame.kind}, ${frame.users.join(', ') || 'nobody'}` : 'free';
      return cell(kind, frame.used ? kind[0] : '', `frame ${frame.frame}: ${what}`);
    });
    return [el('h3', { textContent: title }), el('ul', { className: 'cells', ariaLabel: `Frames of node ${node.node}` }, ...cells)];
  }));
}

function cell(kind, text, label) {
  const item = el('li', { className: `cell ${kind}`, title: label, textContent: text });
  item.setAttribute('aria-label', label);
  return item;
}

export function drawProcesses(target, processes) {
  const under = parent => {
    const children = processes.filter(process => (process.parent ?? null) === parent);
    return children.length === 0 ? null : el('ul', { className: 'tree' }, ...children.map(process => el('li', {},
      el('h3', { className: process.death ? 'dead' : '' }, `process ${process.name}`, process.death ? mark(process.death, true) : null),
      ...process.mappings.map(drawMapping),
      under(process.name))));
  };
  target.replaceChildren(under(null) ?? el('p', { className: 'legend', textContent: 'No process yet.' }));
}

function drawMapping(mapping) {
  return el('div', {},
    el('div', {}, `${mapping.name} (${mapping.kind})`, ...mapping.marks.map(text => mark(text, text === 'UNMAPPED'))),
    ribbon(mapping.pages, mapping.name));
}

function mark(text, hot) {
  return el('span', { className: hot ? 'mark hot' : 'mark', textContent: text });
}

export function drawFiles(target, files) {
  target.replaceChildren(...files.flatMap(file => [
    el('h3', {}, `file ${file.name}`, file.mappedBy.length ? mark(`mapped by ${file.mappedBy.join(', ')}`, false) : mark('not mapped', false)),
    ribbon(file.pages, file.name),
  ]));
}

function ribbon(pages, name) {
  return el('ul', { className: 'cells', ariaLabel: `Pages of ${name}` }, ...pages.map(page => {
    const frame = page.frame === null ? 'no page yet' : `frame ${page.frame}`;
    const shared = page.sharedWith.length ? `, also ${page.sharedWith.join(', ')}` : '';
    const letter = page.frame ?? { reserved: 'r', consumed: 'c', missing: '–' }[page.reserve];
    return cell(page.reserve + (shared ? ' shared' : ''), String(letter), `page ${page.index}: ${page.reserve}, ${frame}${shared}`);
  }));
}

export function drawWhy(target, why) {
  const list = (title, lines) => lines.length ? [el('h3', { textContent: title }), el('ul', {}, ...lines.map(text => el('li', { textContent: text })))] : [];
  const parts = [];
  if (why.causes.length) {
    parts.push(el('div', { className: 'bad' }, el('strong', { textContent: 'Why it failed' }),
      el('ul', {}, ...why.causes.map(text => el('li', { textContent: text })))));
  }
  parts.push(...list('Because of', why.earlier), ...list('What changed the pool', why.effects), ...list('Who had the pages', why.held));
  if (why.remedy) {
    parts.push(el('p', { textContent: why.remedy[0].toUpperCase() + why.remedy.slice(1) + '.' }));
  }
  target.replaceChildren(...parts);
}

export function drawWaterfall(body, flow) {
  body.replaceChildren(...flow.spans.map(span => {
    const name = el('td', {}, '\u00a0'.repeat(2 * span.depth) + span.name + ' ', el('span', { className: 'grain', textContent: span.grain }));
    const bar = el('i');
    bar.style.left = `${100 * span.startUs / flow.durationUs}%`;
    bar.style.width = `${100 * span.durationUs / flow.durationUs}%`;
    const row = el('tr', { className: span.cause ? 'failed' : '' }, name,
      el('td', { textContent: [...span.facts, span.cause].filter(Boolean).join('  ') }),
      el('td', {}, duration(span.durationUs), el('div', { className: 'track' }, bar)));
    return row;
  }));
}

const svgNs = 'http://www.w3.org/2000/svg';

function shape(tag, attributes, ...children) {
  const element = document.createElementNS(svgNs, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Draws the grains of a flow as lanes and its messages as arrows, from the top down. Returns the messages' elements. */
export function drawLanes(target, messages) {
  const grains = [...new Set(messages.flatMap(message => [message.from, message.to]))];
  if (grains.length === 0) {
    target.replaceChildren();
    return [];
  }
  const [gap, top, row] = [Math.max(150, 12 + 7.3 * Math.max(...grains.map(grain => grain.length))), 26, 24];
  const x = grain => 75 + gap * grains.indexOf(grain);
  const [width, height] = [150 + gap * (grains.length - 1), top + row * messages.length + 14];
  const svg = shape('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', class: 'all',
    'aria-label': `${messages.length} messages between ${grains.length} grains` });
  for (const grain of grains) {
    svg.append(shape('line', { class: 'lane', x1: x(grain), x2: x(grain), y1: top - 4, y2: height }),
      shape('text', { x: x(grain), y: 14, 'text-anchor': 'middle' }, grain));
  }
  const drawn = messages.map((message, i) => {
    const [from, to, y] = [x(message.from), x(message.to), top + row * (i + 1) - 4];
    const direction = to === from ? 1 : Math.sign(to - from);
    const line = to === from ? `M${from} ${y - 8}h24v8h-18` : `M${from} ${y}H${to - 6 * direction}`;
    const tip = to === from ? from : to;
    const way = to === from ? -1 : direction;
    const text = to === from ? from + 28 : Math.min(from, to) + Math.abs(to - from) / 2;
    const group = shape('g', { class: message.failed ? 'message failed' : 'message' },
      shape('path', { class: 'arrow', d: line }),
      shape('path', { class: 'head', d: `M${tip} ${y}l${-8 * way} -4v8z` }),
      shape('text', { x: text, y: y - 5, 'text-anchor': to === from ? 'start' : 'middle' }, message.method));
    svg.append(group);
    return group;
  });
  target.replaceChildren(svg);
  return drawn;
}
