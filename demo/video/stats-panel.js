import { drawPlot } from './plot.js';
import {
  bitrateText,
  delayText,
  pathText,
  rateText,
  seriesText,
  sizeText,
} from './stats-format.js';
import { byId, find, make, setText } from '../common/ui.js';

/** @import { LinkStats, Person } from './room.js' */
/** @typedef {{received: LinkStats | null, sent: LinkStats | null}} Sample */
/** @typedef {{card: HTMLElement, inbound: Series, outbound: Series, delay: Series}} Entry */
/** @typedef {(number | null)[]} Series the last seconds, oldest first */

const SECONDS = 60; // width of the plots
const MIN_BITRATE = 200_000; // bits a second at the top of an idle plot
const MIN_DELAY = 10; // ms, likewise

/** @type {[key: string, label: string, text: (sample: Sample) => string][]} one row each */
const ROWS = [
  ['path', 'Path', ({ received, sent }) => pathText(received ?? sent)],
  ['in', 'Receiving', ({ received }) => bitrateText(received?.incomingBitrate)],
  ['out', 'Sending', ({ sent }) => bitrateText(sent?.outgoingBitrate)],
  ['rtt', 'Round trip', (sample) => delayText(delayOf(sample))],
  ['fps', 'Frames', ({ received }) => rateText(received?.framesPerSecond)],
  ['size', 'Picture', ({ received }) => sizeText(received)],
  ['lost', 'Packets lost', ({ received }) => String(received?.packetsLost ?? '–')],
];

/** Live figures of every person in the room. */
export class StatsPanel {
  #root = byId('stats', HTMLElement);
  /** @type {Map<string, Entry>} */ #entries = new Map();

  constructor() {
    this.#update([]);
  }

  /**
   * Takes one sample of everybody; call it once a second.
   *
   * @param {Person[]} people
   * @param {(person: Person) => Promise<Sample>} sample
   */
  async refresh(people, sample) {
    this.#update(people);
    await Promise.all(
      people.map(async (person) => {
        const figures = await sample(person);
        const entry = this.#entries.get(person.id);
        if (entry) show(entry, person.name, figures);
      }),
    );
  }

  /** @param {Person[]} people */
  #update(people) {
    const ids = new Set(people.map(({ id }) => id));
    for (const [id, { card }] of this.#entries) {
      if (ids.has(id)) continue;
      card.remove();
      this.#entries.delete(id);
    }
    if (people.length > 0) this.#root.querySelector(':scope > .hint')?.remove();
    else
      this.#root.replaceChildren(
        make('p', { class: 'hint' }, 'Figures appear with the first peer.'),
      );
    for (const { id } of people) if (!this.#entries.has(id)) this.#add(id);
  }

  /** @param {string} id */
  #add(id) {
    const card = makeCard(id);
    this.#entries.set(id, { card, inbound: [], outbound: [], delay: [] });
    this.#root.append(card);
  }
}

/** @param {string} id */
function makeCard(id) {
  const rows = ROWS.map(([key, label]) =>
    make('div', { 'data-row': key }, make('dt', {}, label), make('dd', { 'data-stat': key }, '–')),
  );
  return make(
    'section',
    { class: 'figures', 'data-stats-for': id },
    make('h3', {}),
    make('dl', {}, ...rows),
    makePlot('bitrate', 'Bitrate, last minute', ['in', 'out']),
    makePlot('delay', 'Round trip, last minute', []),
  );
}

/**
 * @param {string} name
 * @param {string} caption
 * @param {string[]} legend
 */
function makePlot(name, caption, legend) {
  const keys = legend.map((word) => make('span', { class: `key ${word}` }, word));
  return make(
    'figure',
    { class: 'plot' },
    make('figcaption', {}, make('span', {}, caption), ...keys),
    make('canvas', { role: 'img', 'data-plot': name, 'aria-label': caption }),
  );
}

/**
 * @param {Entry} entry
 * @param {string} name
 * @param {Sample} sample
 */
function show({ card, inbound, outbound, delay }, name, sample) {
  setText(find(card, 'h3', HTMLElement), name);
  for (const [key, , text] of ROWS) {
    setText(find(card, `[data-stat="${key}"]`, HTMLElement), text(sample));
  }
  push(inbound, sample.received?.incomingBitrate ?? null);
  push(outbound, sample.sent?.outgoingBitrate ?? null);
  push(delay, delayOf(sample));
  drawPlots(card, inbound, outbound, delay);
}

/**
 * @param {HTMLElement} card
 * @param {Series} inbound
 * @param {Series} outbound
 * @param {Series} delay
 */
function drawPlots(card, inbound, outbound, delay) {
  const css = getComputedStyle(card);
  const [first, second, grid] = ['--plot-in', '--plot-out', '--line'].map((name) =>
    css.getPropertyValue(name),
  );
  const bitrate = find(card, '[data-plot="bitrate"]', HTMLCanvasElement);
  const lines = [
    { values: outbound, color: second },
    { values: inbound, color: first },
  ];
  drawPlot(bitrate, lines, { slots: SECONDS, floor: MIN_BITRATE, grid });
  const received = seriesText('Receiving', inbound, bitrateText);
  bitrate.ariaLabel = `${received}. ${seriesText('Sending', outbound, bitrateText)}.`;

  const trip = find(card, '[data-plot="delay"]', HTMLCanvasElement);
  const line = { values: delay, color: first };
  drawPlot(trip, [line], { slots: SECONDS, floor: MIN_DELAY, grid });
  trip.ariaLabel = `${seriesText('Round trip', delay, delayText)}.`;
}

/** @param {Sample} sample */
function delayOf({ received, sent }) {
  return received?.rtt ?? sent?.rtt ?? null;
}

/**
 * @param {Series} series
 * @param {number | null} value
 */
function push(series, value) {
  series.push(value);
  if (series.length > SECONDS) series.shift();
}
