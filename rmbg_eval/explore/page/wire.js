// What goes over the wire: uploads in parts, questions and their answers. No message is large
// enough for a websocket to drop it, and silence is noticed.

const SILENCE = 15_000; // milliseconds without any answer, after which the kernel counts as gone
const IN_FLIGHT = 4; // parts on their way at once

class Refused extends Error {
  constructor(answer) {
    super(answer.problem || "");
    this.answer = answer; // { kind, problem, remedy } or { kind: "lost" }
  }
}

class Wire {
  constructor() {
    this.waiting = new Map(); // id or request → what to call with its answers
    this.count = 0;
    this.on = {}; // listeners of what nobody asked for
    this.connected = new Promise((resolve) => (this.resolve = resolve));
  }

  connect(model) {
    this.model = model;
    model.on("msg:custom", (message, buffers) => this.receive(message, buffers));
    this.send({ type: "hello" });
  }

  send(message, ...buffers) {
    try {
      this.model.send(message, {}, buffers);
    } catch {
      throw new Refused({ kind: "lost" }); // the kernel has ended
    }
  }

  receive(message, buffers) {
    this.heard = Date.now();
    if (message.type === "welcome") {
      this.welcome = message;
      this.on.welcome?.(message);
      this.resolve(message);
    } else if (message.type === "models") {
      this.on.models?.(message);
    } else {
      this.waiting.get(message.request ?? message.id)?.(message, buffers);
    }
  }

  // Ask, and hand every answer to `each` until it returns something.
  ask(key, each, begin) {
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearInterval(timer);
        this.waiting.delete(key);
        settle(value);
      };
      this.heard = Date.now();
      const attempt = (act) => {
        try {
          act();
        } catch (error) {
          end(reject, error);
        }
      };
      const timer = setInterval(() => {
        if (Date.now() - this.heard > SILENCE) end(reject, new Refused({ kind: "lost" }));
        else attempt(() => this.send({ type: "ping", id: "ping" }));
      }, 3000);
      this.waiting.set(key, (message, buffers) => {
        if (message.type === "failed") end(reject, new Refused(message));
        else {
          const value = each(message, buffers);
          if (value !== undefined) end(resolve, value);
        }
      });
      attempt(begin);
    });
  }

  // Bring a file to the kernel; resolves with what the picture is.
  async upload(item, progress) {
    const { part, most } = await this.connected;
    const { file, id } = item;
    if (file.size > most) throw new Refused({ kind: "TooLarge", size: file.size, most });
    let offset = 0;
    const next = async () => {
      const from = offset;
      offset += part;
      if (from >= file.size) return;
      const bytes = await file.slice(from, from + part).arrayBuffer();
      const last = from + part >= file.size;
      this.send({ type: "part", id, offset: from, preview: last && item.preview }, bytes);
    };
    // Parts follow one another: reading is asynchronous, and their order must not change.
    let sending = Promise.resolve();
    const more = () => (sending = sending.then(next).catch(() => {})); // silence will tell
    return this.ask(
      id,
      (message, buffers) => {
        if (message.type === "picture") return { ...message, shown: blobOf(buffers, "image/jpeg") };
        if (message.type === "received") {
          progress(message.count / file.size);
          if (message.count === 0) for (let i = 0; i < IN_FLIGHT; i++) more();
          else more();
        }
      },
      () => this.send({ type: "upload", id, name: file.name, size: file.size }),
    );
  }

  async openCase(item) {
    await this.connected;
    return this.ask(
      item.id,
      (message, buffers) => {
        if (message.type === "picture") return { ...message, shown: blobOf(buffers, "image/jpeg") };
      },
      () => this.send({ type: "case", id: item.id, name: item.case, preview: true }),
    );
  }

  // The cut-out; `progress` hears of the queue and of every stage.
  async remove(item, model, foreground, progress) {
    const { served } = await this.connected;
    const request = `r${++this.count}`;
    return this.ask(
      request,
      (message, buffers) => {
        if (message.type === "progress") progress(message);
        if (message.type !== "result") return undefined;
        if (!served) return { ...message, url: URL.createObjectURL(blobOf(buffers, "image/png")) };
        return { ...message, url: `result/${message.key}/${encodeURIComponent(message.name)}` };
      },
      () => this.send({ type: "remove", request, id: item.id, model, foreground }),
    );
  }

  async add(item, category) {
    const request = `a${++this.count}`;
    return this.ask(
      request,
      (message) => (message.type === "added" ? message : undefined),
      () => this.send({ type: "add", request, id: item.id, category }),
    );
  }

  forget(item) {
    try {
      if (this.model) this.send({ type: "forget", id: item.id });
    } catch {
      // there is nobody left who could remember
    }
  }
}

function blobOf(buffers, type) {
  if (!buffers?.length) return null;
  const view = buffers[0];
  const bytes = view.buffer ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : view;
  return new Blob([bytes], { type });
}
