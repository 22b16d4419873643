// Words in two languages, and elements that say them.

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

class Words {
  constructor(strings, lang) {
    this.strings = strings;
    this.lang = lang || (navigator.language.startsWith("zh") ? "zh" : "en");
    this.texts = new Map(); // element → attribute → [key, values]
  }

  t(key, values = {}) {
    const text = this.strings[key]?.[this.lang] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // Let `node` say `key`, in this language and in the next one.
  say(node, key, values = {}, attribute = "") {
    const said = this.texts.get(node) ?? {};
    said[attribute] = [key, values];
    this.texts.set(node, said);
    this.write(node, said);
    return node;
  }

  write(node, said) {
    for (const [attribute, [key, values]] of Object.entries(said)) {
      const text = key ? this.t(key, values) : "";
      if (attribute) node.setAttribute(attribute, text);
      else if (node.textContent !== text) node.textContent = text;
    }
  }

  label(tag, key, attributes = {}, values = {}) {
    return this.say(h(tag, attributes), key, values);
  }

  translate() {
    for (const [node, said] of this.texts) {
      if (node.isConnected) this.write(node, said);
      else this.texts.delete(node);
    }
  }
}

// Title and remedy.
function explain({ kind, problem, remedy, size, most }, explorer) {
  const say = (key, values) => explorer.t(key, values);
  if (kind === "lost") return [say("lost"), say("lost_remedy")];
  if (kind === "TooLarge") {
    return [say("too_large", { size: bytes(size), most: bytes(most) }), say("too_large_remedy")];
  }
  if (!problem) return [say("unforeseen"), say("unforeseen_remedy")];
  return [problem[explorer.lang], remedy[explorer.lang]];
}

function bytes(count) {
  if (count < 1e6) return `${Math.max(1, Math.round(count / 1e3))} KB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
