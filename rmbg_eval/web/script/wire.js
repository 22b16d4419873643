// What goes over the wire: uploads in parts, questions and their answers. No message is large
// enough for a websocket to drop it, and silence is noticed.

import { Refusal } from "./offers.js";

const PAUSE = 3000; // milliseconds between pings
const SILENT = 5; // pings without an answer, or of a kernel that is not at work on what was asked,
// after which it counts as lost; time does not tell: a machine that sleeps, or a page that is not
// looked at, has no timers for minutes
const IN_FLIGHT = 4; // parts on their way at once

/**
 * @typedef {object} Answer why something was refused, or never answered
 * @property {string} kind "lost" where the kernel has gone, "unreadable" where the file has
 * @property {Record<string, string>} [problem]
 * @property {Record<string, string>} [remedy]
 * @property {number} [size] bytes of the file
 * @property {number} [most] bytes that a file may have
 */
/** @typedef {Record<string, any>} Message */
/** @typedef {ArrayBufferView | ArrayBuffer} Part */
/** @typedef {(message: Message, parts: Part[]) => any} Listener */

export class Refused extends Refusal {
  /** @param {Answer} answer */
  constructor(answer) {
    super(answer.problem, answer.remedy);
    this.answer = answer;
  }
}

export class Wire {
  /** @type {Map<string, Listener>} */
  #waiting = new Map(); // id or request → what to call with its answers
  #count = 0;
  #own = Math.random().toString(36).slice(2); // two views of a widget have one kernel
  #heard = 0; // messages that tell of work
  /** @type {PromiseWithResolvers<Message>} */
  #connected = Promise.withResolvers(); // with what the kernel says first
  /** @type {{ send: Function, on: Function } | null} */
  model = null; // anywidget's
  served = false; // whether the page is one of `rmbg-eval serve`

  /**
   * @param {(message: Message) => void} welcome listeners of what nobody asked for
   * @param {(message: Message) => void} models
   */
  constructor(welcome, models) {
    this.on = { welcome, models };
  }

  /** A key that nothing else here has, nor in another view. @param {string} of */
  key(of) {
    return `${of}${++this.#count}-${this.#own}`;
  }

  /** @param {{ send: Function, on: Function }} model */
  connect(model) {
    this.model = model;
    model.on("msg:custom", (/** @type {Message} */ message, /** @type {Part[]} */ parts) =>
      this.#receive(message, parts),
    );
    this.#send({ type: "hello" });
  }

  /** @param {Message} message @param {...Part} parts */
  #send(message, ...parts) {
    try {
      this.model?.send(message, {}, parts);
    } catch {
      throw new Refused({ kind: "lost" }); // the kernel has ended
    }
  }

  /** @type {Listener} */
  #receive(message, parts) {
    if (message.type !== "pong" || message.working) this.#heard++;
    if (message.type === "welcome") {
      this.served = message.served;
      this.on.welcome(message);
      this.#connected.resolve(message);
    } else if (message.type === "models") {
      this.on.models(message);
    } else {
      this.#waiting.get(message.request ?? message.id)?.(message, parts);
    }
  }

  /**
   * Ask, and hand every answer to `each` until it returns something.
   * @param {string} key
   * @param {Listener} each
   * @param {() => void} begin
   * @returns {Promise<Message>}
   */
  #ask(key, each, begin) {
    return new Promise((resolve, reject) => {
      const end = (/** @type {(value: any) => void} */ settle, /** @type {unknown} */ value) => {
        clearInterval(timer);
        this.#waiting.delete(key);
        settle(value);
      };
      let [heard, silent] = [this.#heard, 0];
      const attempt = (/** @type {() => void} */ act) => {
        try {
          act();
        } catch (error) {
          end(reject, error);
        }
      };
      const timer = setInterval(() => {
        silent = heard === this.#heard ? silent + 1 : 0;
        heard = this.#heard;
        if (silent > SILENT) end(reject, new Refused({ kind: "lost" }));
        else attempt(() => this.#send({ type: "ping", id: "ping", of: key }));
      }, PAUSE);
      this.#waiting.set(key, (message, buffers) => {
        if (message.type === "failed") end(reject, new Refused(/** @type {any} */ (message)));
        else {
          const value = each(message, buffers);
          if (value !== undefined) end(resolve, value);
        }
      });
      attempt(begin);
    });
  }

  /**
   * Bring a file to the kernel; resolves with what the picture is.
   * @param {import("./explorer.js").Item} item
   * @param {File} file
   * @param {(share: number) => void} progress
   */
  async upload(item, file, progress) {
    const { part, most } = await this.#connected.promise;
    const { id } = item;
    if (file.size > most) throw new Refused({ kind: "TooLarge", size: file.size, most });
    let offset = 0;
    const next = async () => {
      const from = offset;
      offset += part;
      if (from >= file.size) return;
      const bytes = await file.slice(from, from + part).arrayBuffer();
      const last = from + part >= file.size;
      this.#send({ type: "part", id, offset: from, preview: last && item.preview }, bytes);
    };
    // Parts follow one another: reading is asynchronous, and their order must not change.
    let sending = Promise.resolve();
    const more = () => {
      sending = sending.then(next).catch((error) => {
        const answer = error instanceof Refused ? error.answer : { kind: "unreadable" };
        this.#waiting.get(id)?.({ type: "failed", ...answer }, []);
      });
    };
    return this.#ask(
      id,
      (message, parts) => {
        if (message.type === "received") {
          progress(message.count / file.size);
          for (let i = 0; i < (message.count ? 1 : IN_FLIGHT); i++) more();
        }
        return picture(message, parts);
      },
      () => this.#send({ type: "upload", id, name: file.name, size: file.size }),
    );
  }

  /** @param {import("./explorer.js").Item} item */
  async openCase(item) {
    await this.#connected.promise;
    return this.#ask(item.id, picture, () =>
      this.#send({ type: "case", id: item.id, name: item.case, preview: true }),
    );
  }

  /**
   * The cut-out; `progress` hears of the queue and of every stage.
   * @param {import("./explorer.js").Item} item
   * @param {string} model
   * @param {string} foreground
   * @param {(step: Message) => void} progress
   */
  async remove(item, model, foreground, progress) {
    const { served } = await this.#connected.promise;
    const request = this.key("r");
    return this.#ask(
      request,
      (message, parts) => {
        if (message.type === "progress") progress(message);
        if (message.type !== "result") return undefined;
        const blob = served ? null : blobOf(parts, "image/png");
        const link = `result/${message.key}/${encodeURIComponent(message.name)}`;
        return { ...message, blob, url: blob ? URL.createObjectURL(blob) : link };
      },
      () => this.#send({ type: "remove", request, id: item.id, model, foreground }),
    );
  }

  /**
   * Have a case made of a picture, a point measured on it or written to its case.
   * @param {"add" | "measure" | "write"} type
   * @param {import("./explorer.js").Item} item
   * @param {Message} about it
   * @returns {Promise<any>} the answer
   */
  async of(type, item, about) {
    const request = this.key(type);
    const begin = () => this.#send({ type, request, id: item.id, ...about });
    return this.#ask(request, (message) => message, begin);
  }

  /** @param {import("./explorer.js").Item} item */
  forget(item) {
    try {
      this.#send({ type: "forget", id: item.id });
    } catch {
      // there is nobody left who could remember
    }
  }
}

/** What the picture is, with what the browser can show of it. @type {Listener} */
function picture(message, parts) {
  if (message.type !== "picture") return undefined;
  return { ...message, shown: blobOf(parts, "image/jpeg") };
}

/** @param {Part[]} parts @param {string} type */
function blobOf(parts, type) {
  return parts?.length ? new Blob([/** @type {BlobPart} */ (parts[0])], { type }) : null;
}
