// Voting between two models' cut-outs of a picture, not knowing whose they are: nothing in the dialog
// differs from side to side but the pixels. Names come with the ranking, once one asks for it.

import { address, remembered } from "./address.js";
import { enable, enabled, h, partsOf, whenClosed } from "./dom.js";
import { pixelled } from "./pixels.js";
import { chance, FEWEST, nextPair, rank, seedOf } from "./ranking.js";
import { pictureSize } from "./rows.js";
import { once, pictureBy } from "./sources.js";
import { paneOf, Stage } from "./stage.js";
import { svg } from "./svg.js";
import { everywhere, percent, say, wordsOf } from "./words.js";

/** @typedef {import("./decisions.js").Decisions} Decisions */
/** @typedef {import("./decisions.js").Decision} Decision */
/** @typedef {import("./ranking.js").Tally} Tally */
/** @typedef {import("./pixels.js").Drawable} Drawable */
/** @typedef {{ place: number, left: number, right: number, seed: number }} Pair a case, and two models */

const OF_LEFT = /** @type {Record<string, number>} */ ({ left: 1, right: 0, equal: 0.5 });

/**
 * @param {HTMLDialogElement} dialog
 * @param {Decisions} decisions
 * @param {() => void} save
 */
export function blind(dialog, decisions, save) {
  const { about } = decisions;
  const words = wordsOf("review-words");
  const part = partsOf(dialog);
  const stage = new Stage(dialog);
  const { zoom } = stage;
  /** @type {Pair | null} */
  let pair = null;
  /** @type {{ pair: Pair, like: Partial<Decision> }[]} */
  let past = [];
  /** @type {Set<number>} */
  const lost = new Set(); // cases whose pictures could not be loaded
  /** @type {Map<string, Promise<Drawable | null>>} */
  const made = new Map();
  let ready = false; // whether both are seen
  let base = Number(remembered.get("blind"));
  if (!Number.isInteger(base) || base <= 0) {
    base = crypto.getRandomValues(new Uint32Array(1))[0] || 1;
    remembered.set("blind", String(base));
  }

  // ---- what is voted on

  const numbers = new Map(about.models.map((name, number) => [name, number]));
  const articleOf = (/** @type {number} */ place) => document.getElementById(about.cases[place][0]);

  /** @param {Decision} vote @returns {Tally} */
  const tally = ({ left, right, choice = "" }) => [
    numbers.get(left?.model ?? "") ?? 0,
    numbers.get(right?.model ?? "") ?? 0,
    OF_LEFT[choice],
  ];

  /** @param {Omit<Pair, "seed">} sides @returns {Partial<Decision>} */
  function like({ place, left, right }) {
    const [, category, id, , shas] = about.cases[place];
    const [one, other] = [left, right].map((model) => ({
      model: about.models[model],
      cutout_sha256: shas[model] ?? "",
    }));
    return { kind: "vote", category, case: id, left: one, right: other };
  }

  /** How many pictures, or shoots, there are to vote on. */
  const votable = () =>
    new Set(
      about.cases.flatMap(([anchor, , , , shas], place) =>
        new Set(shas.filter(Boolean)).size > 1 && document.getElementById(anchor)
          ? [decisions.shootOf(place)]
          : [],
      ),
    ).size;

  /** The next that tells most, of those that this person has not voted on. @param {Tally} [more] a
   *   vote that may come, on the case of `at` @param {Pair} [at] @returns {Pair | null} */
  function next(more, at) {
    const votes = decisions.holding("vote");
    const tallies = [...votes.map(tally), ...(more ? [more] : [])];
    const seed = seedOf(base, tallies.length);
    const asked = [at?.left, at?.right];
    const found = nextPair(
      tallies,
      about.models.length,
      (one, other) =>
        about.cases.flatMap(([, , , , shas], place) => {
          const there = shas[one] && shas[other] && shas[one] !== shas[other];
          if (!there || lost.has(place) || !articleOf(place)) return [];
          if (at?.place === place && asked.includes(one) && asked.includes(other)) return [];
          const about_ = like({ place, left: one, right: other });
          if (decisions.mine(about_)) return [];
          return [{ place, votes: decisions.of(about_).length }];
        }),
      seed,
    );
    if (!found) return null;
    const { one, other, place } = found;
    const sides = seedOf(seed, place, one, other);
    const swapped = chance(sides)() < 0.5;
    return { place, left: swapped ? other : one, right: swapped ? one : other, seed: sides };
  }

  // ---- pictures

  /** @param {number} place @param {number | null} model null: the original */
  const pictureOf = (place, model) =>
    once(made, `${place} ${model}`, () =>
      pictureBy(articleOf(place), model === null ? null : about.models[model]),
    );

  async function show() {
    const now = pair;
    ready = false;
    dialog.classList.remove("ended");
    part("ranking").replaceChildren();
    stage.show([]);
    if (!now) return end();
    const size = pictureSize(articleOf(now.place));
    tell();
    const both = await Promise.all(
      [now.left, now.right, null].map((model) => pictureOf(now.place, model)),
    );
    if (pair !== now || !dialog.open) return;
    if (!both[0] || !both[1]) {
      lost.add(now.place);
      pair = next();
      return show();
    }
    zoom.size = size;
    zoom.view = null;
    // Copies of one size, both seen at once: nothing tells them apart but what they show.
    const panes = both.slice(0, 2).map((drawn, side) => {
      const name = "AB"[side];
      const canvas = pixelled(/** @type {Drawable} */ (drawn), size);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      const layer = h("div", { class: "canvas cut" }, canvas);
      if (both[2]) {
        const of = pixelled(both[2], size);
        of.setAttribute("class", "of");
        layer.append(of);
      }
      return paneOf(layer, [name]);
    });
    stage.show(panes);
    zoom.place();
    ready = true;
    ahead(now);
  }

  /** Make what may come next, and let go of the rest. @param {Pair} now */
  async function ahead(now) {
    const likely = Object.values(OF_LEFT).map((of) => next([now.left, now.right, of], now));
    const wanted = [now, ...likely].flatMap((each) =>
      each ? [each.left, each.right, null].map((model) => `${each.place} ${model}`) : [],
    );
    for (const key of made.keys()) if (!wanted.includes(key)) made.delete(key);
    for (const each of likely) {
      for (const model of each ? [each.left, each.right, null] : []) {
        await pictureOf(each?.place ?? 0, model);
        if (pair !== now || !dialog.open) return;
      }
    }
  }

  function tell() {
    const votes = decisions.holding("vote");
    const pictures = new Set(votes.map(({ category, case: id }) => `${category}\0${id}`)).size;
    part("votes").replaceChildren(...say(words, "votes", { votes: votes.length, pictures }));
    const few = pictures < FEWEST;
    const least = FEWEST;
    const n = votable();
    const said = n < least ? say(words, "too-few", { n, least }) : say(words, "from", { least });
    part("few").replaceChildren(...(few ? said : []));
    decisions.tellUnsaved(dialog, words);
    if (decisions.full) part("few").replaceChildren(...say(words, "full"));
  }

  // ---- votes

  /** @param {string} choice */
  function vote(choice) {
    if (!pair || !ready) return;
    const about_ = like(pair);
    decisions.add({ ...about_, choice, seed: pair.seed });
    past.push({ pair, like: { ...about_, choice, seed: pair.seed } });
    pair = next();
    show();
    stage.focus();
  }

  function undo() {
    const last = past.pop();
    if (!last) return;
    decisions.add({ ...last.like, undone: true });
    pair = last.pair;
    show();
  }

  // ---- the ranking, with names

  function end() {
    pair = null;
    ready = false;
    tell();
    stage.show([]);
    dialog.classList.add("ended");
    const place = (/** @type {Decision} */ { category, case: id }) =>
      decisions.names.get(`${category}\0${id}`) ?? -1;
    const votes = decisions.holding("vote").filter((vote) => place(vote) >= 0);
    const shoots = Map.groupBy(votes, (vote) => decisions.shootOf(place(vote)));
    const tallies = [...shoots.values()].map((some) => some.map(tally));
    const { standings, reason } = rank(tallies, about.models.length);
    const names = (/** @type {typeof standings} */ some) =>
      some.map(({ model }) => about.models[model]);
    const best = standings.filter((each) => each.best === 1);
    const says = reason
      ? say(words, `rank-${reason}`, { n: shoots.size, least: FEWEST })
      : best.length > 1
        ? say(words, "rank-close", { models: names(best) })
        : say(words, "rank-best", { model: names(best) });
    const rows = standings.map(({ model, best: first, worst, over, share, low, high }) => {
      const [from, to] = low === null || high === null ? [share, share] : [low, high];
      const bar = svg(
        "svg",
        {
          class: "interval",
          viewBox: "0 0 100 8",
          preserveAspectRatio: "none",
          "aria-hidden": "true",
        },
        svg("rect", { class: "track", y: 3, width: 100, height: 2 }),
        svg("rect", { class: "reach", x: 100 * from, y: 1, width: 100 * (to - from), height: 6 }),
        svg("rect", { class: "mark", x: 100 * share, width: 1, height: 8 }),
      );
      const text = (/** @type {number} */ part) => everywhere(percent(words, part));
      const range = low === null ? [] : [" · ", h("span", {}, ...text(from), "–", ...text(to))];
      return h(
        "tr",
        {},
        h("td", {}, first === null ? "–" : [...new Set([first, worst])].join("–")),
        h("th", { scope: "row" }, about.models[model]),
        h("td", {}, bar),
        h("td", { class: "number" }, h("b", {}, ...text(share)), ...range),
        h(
          "td",
          { class: "note" },
          ...(over.length
            ? say(words, "rank-over", { models: over.map((one) => about.models[one]) })
            : []),
        ),
      );
    });
    part("ranking").replaceChildren(
      h("h3", { tabindex: "-1" }, ...says),
      h("p", { class: "note" }, ...say(words, "rank-what")),
      h("table", {}, h("tbody", {}, ...rows)),
    );
    part("ranking").querySelector("h3")?.focus();
    const more = Boolean(next());
    enable(/** @type {Element} */ (dialog.querySelector('[data-do="go-on"]')), more);
  }

  /** The original in place of both. @param {boolean} on */
  function hold(on) {
    dialog.classList.toggle("original", on);
    stage.press("original", on);
  }

  function open() {
    if (dialog.open) return;
    past = [];
    stage.open();
    if (!address.read().blind) address.enter({ blind: "1" });
    pair = next();
    show();
  }

  whenClosed(dialog, () => {
    pair = null;
    hold(false);
    address.leave({ blind: "" });
    stage.show([]);
    part("ranking").replaceChildren();
    made.clear();
  });

  dialog.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    const { do: command, choice } = button?.dataset ?? {};
    if (button && !enabled(button)) return;
    if (choice) vote(choice);
    else if (command === "close") dialog.close();
    else if (command === "undo") undo();
    else if (command === "original") hold(!stage.pressed("original"));
    else if (command === "rank") end();
    else if (command === "go-on") {
      pair = next();
      show();
      stage.focus();
    } else if (command === "save-decisions") save();
    else stage.zooms(command);
  });
  stage.hear((key, { repeat }) => {
    const choice = { ArrowLeft: "left", ArrowRight: "right", "=": "equal", ArrowDown: "equal" }[
      key
    ];
    if (choice) {
      if (!repeat) vote(choice);
    } else if (key === "z") undo();
    else if (key === "o") hold(true);
    else return false;
    return true;
  });
  dialog.addEventListener("keyup", ({ key }) => {
    if (key.toLowerCase() === "o") hold(false);
  });
  addEventListener("blur", () => hold(false)); // of a key that is let go elsewhere nothing is heard

  decisions.on(() => {
    if (dialog.open) tell();
  });
  return { open };
}
