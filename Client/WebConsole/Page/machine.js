// What the pages of a run and of a running cluster have in common.
import { drawFiles, drawFrames, drawPool, drawProcesses, drawTable } from './draw.js';

export const $ = id => document.getElementById(id);

/** Asks the program that serves the page; what it refuses becomes an error that says why. */
export async function request(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error('nobody answers any more: the program that serves this page has ended');
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(answer.error ?? `the answer was ${response.status}`);
  }
  return answer;
}

/** Draws a machine, and marks what has changed since another look at its pool. */
export function drawMachine(machine, poolBefore) {
  const limit = value => value < 0 ? 'none' : String(value);
  drawPool($('pool'), machine.pool, poolBefore);
  drawTable($('mounts'), 'Subpools', ['Mount', 'size', 'min_size', 'used', 'reserved'],
    machine.mounts.map(m => [m.name, limit(m.max), limit(m.min), String(m.used), String(m.rsv)]));
  drawTable($('cgroups'), 'Cgroups', ['Group', 'usage', 'rsvd'], machine.cgroups.map(c => [c.name, String(c.usage), String(c.rsvd)]));
  drawFrames($('frames'), machine.nodes);
  drawProcesses($('processes'), machine.processes);
  drawFiles($('files'), machine.files);
}
