// The review: one model's cut-outs after the other beside their originals, each decided on by a key;
// the share usable as it grows.

import { address } from "./address.js";
import { allIn, around, edges, ended, h, partsOf, pressOne, whenClosed } from "./dom.js";
import { language } from "./language.js";
import { pictureSize } from "./rows.js";
import { acceptance, FEWEST, moreNeeded } from "./share.js";
import { once, pictureBy, sourceBy, sourcesOf } from "./sources.js";
import { paneOf, Stage, showWhole } from "./stage.js";
import { framed, over, strokes } from "./svg.js";
import { everywhere, hundredths, percent, say, wordsOf } from "./words.js";
import { within } from "./zoom.js";

const KEYS = /** @type {Record<string, string>} */ ({
  u: "usable",
  m: "mend",
  x: "unusable",
  q: "unsure",
});
const MARKS = /** @type {Record<string, string>} */ ({
  usable: "✓",
  mend: "✎",
  unusable: "✕",
  unsure: "?",
  disputed: "≠",
});
const AHEAD = 3; // cut-outs that are made before one comes to them
const STEPS = 9; // cut-outs round this one that are marked
const NEAR = 0.05; // within which the share is to be known
const SLOP = 4; // CSS pixels that a finger may move and still point

/** @typedef {import("./decisions.js").Decisions} Decisions */
/** @typedef {import("./pixels.js").Drawable} Drawable */
/** @typedef {import("./decisions.js").Draft} Draft */

/**
 * The cut-outs of a plan, the next of each stratum in turn, as rmbg_eval.decisions.sampling has it.
 * @param {number[][]} plan
 */
function orderOf(plan) {
  const places = plan.flatMap((stratum, number) =>
    stratum.map((cutout, place) => ({ at: place / stratum.length, number, cutout })),
  );
  return places.sort((a, b) => a.at - b.at || a.number - b.number).map(({ cutout }) => cutout);
}

/** A model's cut-outs, as far as they are decided on. @param {Decisions} decisions @param {number} model */
export function shareOf(decisions, model) {
  const { plan, models } = decisions.about;
  const own = plan.map((stratum) => stratum.filter((number) => number % models.length === model));
  const all = own.flat();
  const said = new Map(all.map((number) => [number, decisions.settled(decisions.like(number))]));
  const answers = (/** @type {number[]} */ some) => some.map((number) => said.get(number) ?? "");
  const shaOf = (/** @type {number} */ number) => decisions.like(number).cutout_sha256;
  // Of those that are the same to the byte, the first: it is set last.
  const firsts = new Map([...all].sort((a, b) => b - a).map((number) => [shaOf(number), number]));
  const shoots = Map.groupBy(all, (number) =>
    decisions.shootOf(Math.floor((firsts.get(shaOf(number)) ?? number) / models.length)),
  );
  return acceptance({ strata: own.map(answers), shoots: [...shoots.values()].map(answers) });
}

/** The share usable in words, and its interval.
 * @param {DocumentFragment} words @param {ReturnType<typeof acceptance>} all */
export function shareWords(words, all) {
  // Where there are more of some risk than of another, it is not that of those decided.
  const share = all.share ?? 0;
  const weighted = hundredths(share) !== hundredths(all.usable / all.decided);
  const known = all.share === null ? "share-unknown" : weighted ? "share-weighted" : "share";
  const usable = say(words, all.decided ? known : "nothing", {
    usable: all.usable,
    decided: all.decided,
    share: percent(words, share),
  });
  const n = all.undecided;
  if (n && !all.interval) usable.push(...say(words, "undecided", { n }));
  const [low, high] = (all.interval ?? [0, 1]).map((each) => percent(words, each));
  const reach = n ? "interval-undecided" : "interval";
  const few = all.share === null ? "" : "few";
  const interval = say(words, all.interval ? reach : few, { low, high, n, least: FEWEST });
  const unlike = all.share === null ? "unlike" : all.drawn ? "" : "chosen";
  return { usable, interval, unlike: all.decided ? say(words, unlike) : [] };
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {Decisions} decisions
 * @param {() => void} save
 */
export function review(dialog, decisions, save) {
  const { about } = decisions;
  const count = about.models.length;
  const words = wordsOf("review-words");
  const part = partsOf(dialog);
  const stage = new Stage(dialog, {
    touched: (from, to) => {
      const far = Math.hypot(to.clientX - from.clientX, to.clientY - from.clientY);
      if (placing && far < SLOP) place(zoom.point(to));
    },
  });
  const { zoom } = stage;
  edges(part("signs"));
  const form = part("comment");
  /** @type {HTMLTextAreaElement} */
  const comment = part("words");
  /** @type {HTMLSelectElement} */
  const order = part("order");
  const { drafts } = decisions;
  let model = 0;
  /** @type {number[]} */
  let queue = [];
  let at = 0;
  /**
   * What was decided here, to take it back, and what was written of one before it was; of copies
   * together, first of the one that was looked at.
   * @type {{ cutout: number, before: Partial<import("./decisions.js").Decision> | null, written?: Draft }[][]}
   */
  let past = [];
  let turning = false; // whether another comes at once: nothing more is said of this one
  let placing = false; // whether the next tap is the place
  /** @type {Map<number, Promise<(Drawable | null)[]>>} */
  const made = new Map();
  if (!about.risks.length) order.querySelector('[value="risk"]')?.remove();
  const has = about.models.map((_, number) => about.plan.flat().some((n) => n % count === number));

  // ---- what is decided on

  const cutout = () => queue[at];
  const caseOf = (/** @type {number} */ number) => about.cases[Math.floor(number / count)];
  const articleOf = (/** @type {number} */ number) => document.getElementById(caseOf(number)[0]);
  const like = (/** @type {number} */ number) => decisions.like(number);
  const mine = (/** @type {number} */ number) => decisions.mine(like(number));
  /** Those that are the same to the byte, as of copies of one picture: this one first. @param {number} number */
  const copiesOf = (number) => {
    const sha = like(number).cutout_sha256;
    const alike = (/** @type {number} */ n) =>
      n % count === number % count && like(n).cutout_sha256 === sha;
    return [number, ...about.plan.flat().filter((n) => n !== number && alike(n))];
  };
  const titleOf = (/** @type {number} */ number) =>
    language.in(articleOf(number)?.querySelector("h3") ?? null) || caseOf(number)[2];

  function fill() {
    const own = (/** @type {number} */ number) => number % count === model;
    if (order.value === "chance") queue = orderOf(about.plan).filter(own);
    else {
      const all = about.plan.flat().filter(own);
      const risk = (/** @type {number} */ number) =>
        order.value === "risk" ? (about.risks[number] ?? -1) : 0;
      queue = all.sort((a, b) => risk(b) - risk(a) || a - b);
    }
    queue = queue.filter(articleOf);
  }

  /** What most say of it, or nothing. @param {number} number */
  const settled = (number) => decisions.settled(like(number));

  /** The next that nobody has decided on, from here on.
   * @param {number} from @param {number} otherwise where there is none */
  function nextOpen(from, otherwise) {
    for (let step = 0; step < queue.length; step++) {
      const place = (from + step) % queue.length;
      if (!settled(queue[place])) return place;
    }
    return otherwise;
  }

  // ---- pictures

  /** Original and result at full size. @param {number} number */
  const pictures = (number) =>
    once(made, number, () =>
      Promise.all(bothOf(number).map((name) => pictureBy(articleOf(number), name))),
    );
  const bothOf = (/** @type {number} */ number) => [null, about.models[number % count]];

  /** Make those ahead, one after the other, and let go of those that are far. */
  async function ahead() {
    const near = [at, at + 1, at - 1, ...Array.from({ length: AHEAD - 1 }, (_, n) => at + 2 + n)];
    const wanted = near
      .filter((place) => place >= 0 && place < queue.length)
      .map((place) => queue[place]);
    for (const number of made.keys()) if (!wanted.includes(number)) made.delete(number);
    const now = cutout();
    for (const number of wanted) {
      await pictures(number);
      if (!dialog.open || cutout() !== now) return;
    }
  }

  function show() {
    const number = cutout();
    if (number === undefined) return;
    const article = articleOf(number);
    if (!article) return;
    const sources = sourcesOf(article);
    zoom.size = pictureSize(article);
    zoom.view = null;
    const panes = bothOf(number).flatMap((who, side) => {
      const source = sourceBy(sources, who);
      if (!source) return [];
      const layer = h("div", { class: `canvas ${source.kind}${side ? " cut" : ""}` });
      const name = side ? [ended(source.model)] : say(words, "original");
      const own = paneOf(layer, name);
      const full = pictures(number).then((both) => both[side]);
      showWhole(own, source.image.src, full, source.image.alt);
      return [own];
    });
    stage.show(panes);
    why(number);
    zoom.place();
    part("title").textContent = titleOf(number);
    part("count").textContent = `${at + 1} / ${queue.length}`;
    part("told").textContent = `${titleOf(number)}, ${part("count").textContent}`;
    tell();
    ahead();
  }

  /** All that is said of this one, and of the model. */
  function tell() {
    const number = cutout();
    const decided = mine(number);
    pressOne(dialog, "answer", decided?.answer);
    const { comment: text, place } = draftOf(number);
    if (document.activeElement !== comment) comment.value = text;
    part("place").textContent = place ? `x ${place[0]}, y ${place[1]}` : "";
    dialog.classList.toggle("has-comment", Boolean(text || place));
    for (const { layer } of zoom.panels) {
      layer.querySelector("svg.spot")?.remove();
      if (!place) continue;
      layer.append(over(zoom.size, "spot", ...strokes(`M${place.join(" ")}h0`, "ring")));
    }
    steps();
    share();
    decisions.tellUnsaved(dialog, words);
    stage.keep();
  }

  // ---- why it may be bad

  /** The reasons of its risk in words, and where each is. @param {number} number */
  function why(number) {
    const risk = about.risks[number];
    const signs = about.signs[number] ?? [];
    const lines = risk == null ? [] : say(words, "risk", { risk: risk.toFixed(2) });
    const outlines = signs.flatMap(([text, ...box]) => {
      const own = everywhere(about.texts[text]);
      lines.push(
        new Text(" "),
        box.length
          ? h("button", { type: "button", class: "sign", "data-box": box.join() }, ...own)
          : h("span", { class: "sign" }, ...own),
      );
      return box.length ? [framed(box)] : [];
    });
    part("signs").replaceChildren(...lines);
    if (!outlines.length) return;
    for (const { layer } of zoom.panels) {
      layer.append(over(zoom.size, "region", ...strokes(outlines.join(""))));
    }
  }

  /** Look at a reason's place. @param {HTMLElement} sign */
  function visit(sign) {
    for (const other of signs()) other.toggleAttribute("data-current", other === sign);
    zoom.visit((sign.dataset.box ?? "").split(",").map(Number));
  }
  const signs = () => allIn(dialog, "button.sign");

  /** The place of the next reason. @param {1 | -1} by @returns {boolean} whether there is one */
  function nextSign(by) {
    const all = signs();
    const now = all.findIndex((sign) => sign.hasAttribute("data-current"));
    if (all.length) visit(all[around(now, by, all.length)]);
    return all.length > 0;
  }

  function steps() {
    const first = Math.max(0, Math.min(at - (STEPS >> 1), queue.length - STEPS));
    part("steps").replaceChildren(
      ...queue.slice(first, first + STEPS).map((number, step) => {
        const answer = mine(number)?.answer ?? settled(number);
        const place = first + step;
        const label = `${place + 1}: ${language.in(words.querySelector(`[data-say="${answer || "open"}"]`))}`;
        const current = place === at && "true";
        const attributes = {
          type: "button",
          value: place,
          class: answer,
          "aria-label": label,
          title: label,
          "aria-current": current,
        };
        return h("button", attributes, MARKS[answer] ?? "");
      }),
    );
  }

  function share() {
    const all = shareOf(decisions, model);
    const { usable, interval, unlike } = shareWords(words, all);
    part("usable").replaceChildren(...usable);
    part("interval").replaceChildren(...interval);
    const [low, high] = all.interval ?? [all.share ?? 0, all.share ?? 0];
    part("reach").setAttribute("x", String(100 * low));
    part("reach").setAttribute("width", String(100 * (high - low)));
    part("mark").setAttribute("x", String(100 * (all.share ?? 0)));
    part("mark").setAttribute("width", all.share === null ? "0" : "1.5");
    const more =
      all.share === null || all.decided < FEWEST
        ? null
        : moreNeeded(all.decided, all.share, all.there, NEAR, all.alone, all.undecided);
    const there = { there: all.there, model: about.models[model] };
    const progress = all.unseen
      ? more === null
        ? []
        : say(words, more ? "more" : "enough", { n: more, ...there })
      : say(words, "all", there);
    const { waiting } = decisions;
    const told = [
      waiting ? say(words, "waiting", { n: waiting }) : [],
      progress,
      unlike,
      decisions.full ? say(words, "full") : [],
    ].filter(({ length }) => length);
    part("more").replaceChildren(
      ...told.flatMap((each, place) => (place ? [new Text(" · "), ...each] : each)),
    );
    part("more").title = language.in(part("more"));
    dialog.dataset.share = all.share === null ? "" : [all.share, ...(all.interval ?? [])].join();
  }

  // ---- deciding

  /** @param {number} number @returns {Draft} */
  function draftOf(number) {
    const there = mine(number);
    return drafts.get(number) ?? { comment: there?.comment ?? "", place: there?.place ?? null };
  }

  /** @param {string} answer */
  function decide(answer) {
    const number = cutout();
    if (number === undefined) return;
    const copies = copiesOf(number);
    past.push(copies.map((n) => ({ cutout: n, before: mine(n), written: drafts.get(n) })));
    const { comment: text, place } = draftOf(number);
    turning = true;
    for (const copy of copies) {
      decisions.add({ ...like(copy), answer, comment: text.trim(), place });
      forget(copy);
    }
    comments(false);
    turning = false;
    at = nextOpen(at + 1, at); // the last stays: one key more would change the first
    show();
    const told = language.in(words.querySelector(`[data-say="${answer}"]`));
    part("told").replaceChildren(...say(words, "told", { answer: told, case: titleOf(cutout()) }));
    if (!stage.element.contains(document.activeElement)) stage.focus();
  }

  function undo() {
    comments(false);
    const last = past.pop();
    if (!last) return;
    for (const { cutout: copy, before, written } of last) {
      const now = mine(copy);
      if (before) decisions.add(said(copy, before));
      else if (now) decisions.add({ ...said(copy, now), undone: true });
      if (written) decisions.draft(copy, written);
    }
    const number = last[0].cutout;
    model = number % count;
    fill();
    at = Math.max(0, queue.indexOf(number));
    pick();
    show();
    part("told").replaceChildren(...say(words, "undone", { case: titleOf(number) }));
  }

  /** What a decision about a cut-out says, without whose it is and when.
   * @param {number} number @param {Partial<import("./decisions.js").Decision>} decision */
  const said = (number, { answer, comment: text, place: spot }) => ({
    ...like(number),
    answer,
    comment: text ?? "",
    place: spot ?? null,
  });

  /** @param {number} number */
  function forget(number) {
    if (drafts.has(number)) decisions.draft(number, null);
  }

  /** @param {Partial<Draft>} changes */
  function draft(changes) {
    const number = cutout();
    decisions.draft(number, { ...draftOf(number), ...changes });
  }

  /** What is written of one that is decided becomes part of the decision. */
  function settle() {
    const number = cutout();
    const [there, written] = [mine(number), drafts.get(number)];
    if (!there || !written) return;
    past.push([{ cutout: number, before: there }]);
    decisions.add({
      ...said(number, there),
      comment: written.comment.trim(),
      place: written.place,
    });
    forget(number);
  }

  /** @param {boolean} on */
  function comments(on) {
    if (form.hidden === !on) return;
    form.hidden = !on;
    dialog.querySelector('[data-do="comment"]')?.setAttribute("aria-expanded", String(on));
    point(false);
    if (on) comment.focus();
    else {
      settle();
      stage.focus();
    }
  }

  /** @param {boolean} on */
  function point(on) {
    placing = on;
    stage.press("place", on);
    stage.element.classList.toggle("placing", on);
  }

  /** @param {[number, number]} spot in pixels of the picture */
  function place([x, y]) {
    const [right, bottom] = zoom.size.map((length) => length - 1);
    draft({ place: [within(Math.floor(x), 0, right), within(Math.floor(y), 0, bottom)] });
    point(false);
    if (form.hidden) settle();
  }

  // ---- open, move, close

  /** The buttons of the models. */
  function pick() {
    const buttons = about.models.map((name, number) =>
      h(
        "button",
        {
          type: "button",
          value: number,
          "aria-pressed": String(number === model),
          disabled: !has[number],
        },
        ended(name),
      ),
    );
    const row = part("models");
    row.replaceChildren(...buttons);
    row.hidden = count < 2;
    row.scrollLeft = buttons[model].offsetLeft - (row.clientWidth - buttons[model].offsetWidth) / 2;
    stage.keep();
    address.write(here());
  }
  /** What the address has of it: so one goes on in the same order after a reload. */
  const here = () => ({
    review: about.models[model],
    by: order.selectedIndex ? order.value : "",
  });

  /** @param {number} to */
  function move(to) {
    if (!queue.length) return;
    comments(false);
    settle();
    at = (to + queue.length) % queue.length;
    show();
  }

  /** @param {number} to */
  function turn(to) {
    comments(false);
    settle();
    model = to;
    made.clear();
    fill();
    at = nextOpen(0, 0);
    pick();
    show();
  }

  /** The next model that has a cut-out; the same where no other has. */
  const following = () =>
    has.map((_, number) => (model + 1 + number) % count).find((next) => has[next]) ?? model;

  /** @param {string} [name] of the model */
  function open(name) {
    if (dialog.open) return;
    const wanted = about.models.indexOf(name ?? "");
    model = has[wanted] ? wanted : Math.max(0, has.indexOf(true));
    const { by } = address.read();
    if ([...order.options].some(({ value }) => value === by)) order.value = by;
    order.value ||= "set";
    for (const option of order.options) option.textContent = language.of(option, "text");
    fill();
    at = nextOpen(0, 0);
    stage.open();
    if (!address.read().review) address.enter(here());
    pick();
    show();
  }

  whenClosed(dialog, () => {
    settle();
    address.leave({ review: "", by: "" });
    stage.show([]);
    made.clear();
    past = [];
  });

  // ---- hands

  dialog.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = target.closest("button");
    const { do: command, answer } = button?.dataset ?? {};
    if (answer) decide(answer);
    else if (command === "close") dialog.close();
    else if (command === "undo") undo();
    else if (command === "comment") comments(Boolean(form.hidden));
    else if (command === "place") point(!placing);
    else if (command === "save-decisions") {
      settle();
      save();
    } else if (button?.dataset.box) {
      visit(button);
      stage.focus();
    } else if (button && part("models").contains(button)) turn(Number(button.value));
    else if (button && part("steps").contains(button)) {
      move(Number(button.value));
      stage.focus();
    } else if (stage.zooms(command)) return;
    else if (placing && stage.element.contains(target) && !zoom.moved) place(zoom.point(event));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    comments(false);
  });
  comment.addEventListener("input", () => draft({ comment: comment.value }));
  order.addEventListener("change", () => turn(model));

  dialog.addEventListener("keydown", (event) => {
    const { key, target } = event;
    // Safari tells of the Enter that ends a composed word by its code alone.
    const composing = event.isComposing || event.keyCode === 229;
    const other = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey; // makes a line
    const done = key === "Enter" && target === comment && !other && !composing; // as in a chat
    if (!done && (key !== "Escape" || form.hidden)) return;
    event.preventDefault(); // the comment closes, not the review
    comments(false);
  });
  stage.hear((key, { repeat }) => {
    if (key in KEYS) {
      if (!repeat) decide(KEYS[key]); // a key that is held decides once
    } else if (key === "z") undo();
    else if (key === "c") comments(true);
    else if (key === "p") {
      const { x, y } = zoom.looking();
      place(stage.pointer ?? [x, y]);
    } else if (key === "n" && count > 1) turn(following());
    else if (key === "ArrowRight" || key === "j") move(at + 1);
    else if (key === "ArrowLeft" || key === "k") move(at - 1);
    else return (key === "ArrowDown" && nextSign(1)) || (key === "ArrowUp" && nextSign(-1));
    return true;
  });

  decisions.on(() => {
    if (dialog.open && !turning) tell();
  });
  return { open };
}
