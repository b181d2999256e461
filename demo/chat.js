import { byId, find, make } from './ui.js';

const MAX_LINES = 200; // older ones go
const PATIENCE_MS = 700; // after this a message that is not on its way yet says so

/** The chat's log and form. */
export class Chat {
  #log = byId('chat-log', HTMLElement);
  #lines = find(this.#log, 'ol', HTMLOListElement);
  #input = byId('chat-input', HTMLInputElement);
  #send;

  /**
   * @param {(text: string, at: number) => Promise<number>} send resolves when it is on its way
   * @param {AbortSignal} signal ends the use of the form
   */
  constructor(send, signal) {
    this.#send = send;
    this.#lines.replaceChildren();
    this.#input.value = '';
    byId('chat-form', HTMLFormElement).addEventListener('submit', (event) => this.#submit(event), {
      signal,
    });
  }

  /**
   * @param {{id: string, name: string, text: string, at: number}} message
   * @returns {HTMLElement} the line
   */
  add({ id, name, text, at }) {
    const date = new Date(at);
    const clock = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    const line = make(
      'li',
      { class: 'line', 'data-from': id },
      make('span', { class: 'who' }, name),
      make('time', { datetime: date.toISOString() }, clock),
      make('p', {}, text),
    );
    this.#append(line);
    return line;
  }

  /** @param {HTMLElement} line scrolls to it if the log was at its end */
  #append(line) {
    const log = this.#log;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    this.#lines.append(line);
    while (this.#lines.childElementCount > MAX_LINES) this.#lines.firstElementChild?.remove();
    if (atEnd || line.dataset.from === '') log.scrollTop = log.scrollHeight;
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === '') return;
    this.#input.value = '';
    const at = Date.now();
    const line = this.add({ id: '', name: 'You', text, at });
    const fate = make('small');
    const patience = setTimeout(() => {
      fate.textContent = 'Waits until somebody can read it.';
      line.append(fate);
    }, PATIENCE_MS);
    try {
      await this.#send(text, at);
      fate.remove();
    } catch (error) {
      fate.textContent = `Not sent: ${/** @type {Error} */ (error).message}`;
      line.append(fate);
    }
    clearTimeout(patience);
  }
}
