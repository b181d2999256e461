import { byId, find, make } from './ui.js';

const MAX_LINES = 200; // older ones go
const PATIENCE_MS = 700; // after this a message that is not on its way yet says so

const INPUT = {
  id: 'chat-input',
  'aria-label': 'Message to everybody in the room',
  placeholder: 'Write to the room',
  maxlength: '2000', // characters: what the rooms take
  autocomplete: 'off',
  enterkeyhint: 'send',
};

/** The chat's log and form, behind the title of #chat. */
export class Chat {
  #log = chatLog();
  #lines = find(this.#log, 'ol', HTMLOListElement);
  #input = byId('chat-input', HTMLInputElement);
  #send;

  /**
   * @param {(text: string, at: number) => Promise<unknown>} send resolves when it is on its way
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
   * @param {{id: string, name: string, text: string, at: number, earlier?: boolean}} message `earlier`: it goes where its
   *   time belongs, since others have come before it
   * @returns {HTMLElement} the line
   */
  add({ id, name, text, at, earlier }) {
    const date = new Date(at);
    const clock = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    const line = make(
      'li',
      { class: 'line', 'data-from': id, 'data-at': String(at) },
      make('span', { class: 'who' }, name),
      make('time', { datetime: date.toISOString() }, clock),
      make('p', {}, text),
    );
    this.#append(line, earlier ? this.#firstAfter(at) : null);
    return line;
  }

  /**
   * For what makes the log longer: if its end is seen, it is seen afterwards.
   * @param {() => void} change
   */
  keepEnd(change) {
    const atEnd = this.#isAtEnd;
    change();
    if (atEnd) this.#log.scrollTop = this.#log.scrollHeight;
  }

  get #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < 40;
  }

  /** @param {number} at @returns {Element | null} the first line that is younger */
  #firstAfter(at) {
    const younger = (/** @type {Element} */ line) =>
      line instanceof HTMLElement && Number(line.dataset.at) > at;
    return [...this.#lines.children].find(younger) ?? null;
  }

  /**
   * Scrolls to its end if the log was there.
   * @param {HTMLElement} line
   * @param {Element | null} before null: at the end
   */
  #append(line, before) {
    this.keepEnd(() => {
      this.#lines.insertBefore(line, before);
      while (this.#lines.childElementCount > MAX_LINES) this.#lines.firstElementChild?.remove();
    });
    if (line.dataset.from === '') this.#log.scrollTop = this.#log.scrollHeight;
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

/** @returns {HTMLElement} it, made with the form where they are not there yet */
function chatLog() {
  const there = document.getElementById('chat-log');
  if (there) return there;
  const log = make(
    'div',
    { id: 'chat-log', class: 'chat-log', role: 'log', 'aria-label': 'Chat', tabindex: '0' },
    make('ol'),
  );
  const form = make(
    'form',
    { id: 'chat-form', class: 'chat-form' },
    make('input', INPUT),
    make('button', { id: 'chat-send', class: 'primary', type: 'submit' }, 'Send'),
  );
  find(byId('chat', HTMLElement), 'h1, h2', HTMLElement).after(log, form);
  return log;
}
