// Which model people prefer, by votes without names: rmbg_eval.decisions.ranking, while one votes. The
// draws that intervals are of are others by chance; strengths are the same.

import { exactInterval, sum, worthOf } from "./share.js";

export const FEWEST = 12; // pictures, or shoots, that votes must be on for a ranking
const DRAWS = 500;
const PRIOR = 1; // equal votes beside people's, shared out among the pairs that met
const FLIPS = 1999; // of the signs of shoots

/** @typedef {[number, number, number]} Tally a model, another, and what the first has: 1, 0.5 or 0 */
/** @typedef {{ model: number, best: number | null, worst: number | null, over: number[], share: number, low: number | null, high: number | null }} Standing */

/** Numbers from 0 to 1 by chance, always the same of a seed. @param {number} seed */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed of several numbers. @param {...number} parts */
export function seedOf(...parts) {
  let seed = 0;
  for (const part of parts) seed = Math.floor(chance(seed ^ part)() * 2 ** 32);
  return seed;
}

/** Victories of row over column, an equal vote half of one for each.
 * @param {Tally[]} votes @param {number} count of models */
function winsOf(votes, count) {
  const wins = Array.from({ length: count }, () => new Array(count).fill(0));
  for (const [one, other, ofOne] of votes) {
    wins[one][other] += ofOne;
    wins[other][one] += 1 - ofOne;
  }
  return wins;
}

/**
 * Bradley and Terry's strengths. Source of the iteration: Newman, "Efficient computation of rankings
 * from pairwise comparisons", 2023.
 * @param {number[][]} wins @param {number[][]} [met] whose pairs have PRIOR among them
 */
export function strengths(wins, met = wins) {
  const count = wins.length;
  const both = met.map((row, i) => row.map((n, j) => n + met[j][i] > 0));
  const twice = both.flat().filter(Boolean).length; // each pair is there twice
  const all = wins.map((row, i) => row.map((n, j) => n + (both[i][j] ? PRIOR / twice : 0)));
  const found = new Array(count).fill(1);
  for (let round = 0; round < 10_000; round++) {
    let moved = 0;
    for (let i = 0; i < count; i++) {
      let [won, lost] = [0, 0];
      for (let j = 0; j < count; j++) {
        won += (all[i][j] * found[j]) / (found[i] + found[j]);
        lost += all[j][i] / (found[i] + found[j]);
      }
      if (!lost) continue;
      moved = Math.max(moved, Math.abs(Math.log(won / lost / found[i])));
      found[i] = won / lost;
    }
    const middle = Math.exp(sum(found.map(Math.log)) / count);
    for (let i = 0; i < count; i++) found[i] /= middle;
    if (moved < 1e-10) break;
  }
  return found;
}

/** The share of votes that each would win against each of the others alike. @param {number[]} found */
export const expectedShares = (found) =>
  found.map(
    (own) => (sum(found.map((other) => own / (own + other))) - 0.5) / Math.max(1, found.length - 1),
  );

/** @param {number[]} values */
function variance(values) {
  const mean = sum(values) / values.length;
  return sum(values.map((each) => (each - mean) ** 2)) / values.length;
}

/**
 * @param {Tally[][]} shoots the votes on each
 * @param {number} count of models
 * @param {number} [seed]
 * @returns {{ standings: Standing[], reason: "" | "none" | "few" | "apart" }} the best first
 */
export function rank(shoots, count, seed = 0) {
  const every = shoots.flat();
  const there = Array.from({ length: count }, (_, n) => n).filter((n) =>
    every.some(([one, other]) => n === one || n === other),
  );
  const place = new Map(there.map((model, n) => [model, n]));
  const own = shoots.map((votes) =>
    votes.map(
      ([one, other, of]) => /** @type {Tally} */ ([place.get(one) ?? 0, place.get(other) ?? 0, of]),
    ),
  );
  const size = there.length;
  const whole = winsOf(own.flat(), size);
  const reason = reasonOf(own, size);
  if (reason) {
    const standings = there.map((model, n) => {
      const [won, lost] = [sum(whole[n]), sum(whole.map((row) => row[n]))];
      const share = won / (won + lost);
      return { model, best: null, worst: null, over: [], share, low: null, high: null };
    });
    return { standings: standings.sort((a, b) => b.share - a.share), reason };
  }
  const shares = expectedShares(strengths(whole));
  const random = chance(seed);
  const parts = own.map((votes) => winsOf(votes, size));
  const draws = Array.from({ length: DRAWS }, () => {
    const wins = winsOf([], size);
    for (let n = 0; n < parts.length; n++) {
      const part = parts[Math.floor(random() * parts.length)];
      for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) wins[i][j] += part[i][j];
    }
    return expectedShares(strengths(wins, whole));
  });
  const of = own.length;
  const bounds = shares.map((share, n) => {
    const votes = own.map((all) => all.filter(([i, j]) => i === n || j === n).length);
    const count = sum(votes);
    const alike = count ** 2 / sum(votes.map((each) => each ** 2));
    const won = sum(whole[n]);
    if (won === 0 || won === count) return exactInterval(share, alike);
    const spread = (variance(draws.map((draw) => draw[n])) * of) / (of - 1);
    return exactInterval(share, worthOf(share, spread, count, alike, of - 1, every.length));
  });
  const better = clearlyBetter(parts, whole, random);
  const standings = there.map((model, n) => ({
    model,
    best: 1 + better.filter((row) => row[n]).length,
    worst: size - better[n].filter(Boolean).length,
    over: there.filter((_, other) => better[n][other]),
    share: shares[n],
    low: bounds[n][0],
    high: bounds[n][1],
  }));
  standings.sort((a, b) => a.best + a.worst - b.best - b.worst || b.share - a.share);
  return { standings, reason };
}

/**
 * Whether row is better than column: of models that are truly equal, some are told apart in 5 % of
 * rankings at most. As in Python: each pair by its score, with the signs of shoots flipped.
 * @param {number[][][]} parts victories on each shoot @param {number[][]} whole @param {() => number} random
 */
function clearlyBetter(parts, whole, random) {
  const size = whole.length;
  const pairs = whole.flatMap((_, i) => whole.slice(i + 1).map((_, k) => [i, i + 1 + k]));
  const scores = pairs.map(([one, other]) => {
    const name = whole.map((_, n) => (n === one ? other : n === other ? one : n));
    const alike = whole.map((row, i) => row.map((n, j) => n + whole[name[i]][name[j]]));
    const found = strengths(alike);
    const off = (/** @type {number[][]} */ part, /** @type {number} */ i) =>
      sum(part[i].map((won, j) => won - ((won + part[j][i]) * found[i]) / (found[i] + found[j])));
    return parts.map((part) => off(part, one) - off(part, other));
  });
  const sums = scores.map(sum);
  const rarer = new Array(pairs.length).fill(1);
  for (let flip = 0; flip < FLIPS; flip++) {
    const signs = parts.map(() => (random() < 0.5 ? -1 : 1));
    for (let pair = 0; pair < pairs.length; pair++) {
      let flipped = 0;
      for (let n = 0; n < signs.length; n++) flipped += signs[n] * scores[pair][n];
      if (Math.abs(flipped) >= Math.abs(sums[pair]) - 1e-9) rarer[pair]++;
    }
  }
  const better = whole.map((row) => row.map(() => false));
  const equal = [...equalPairs(size)];
  const order = pairs.map((_, pair) => pair).sort((a, b) => rarer[a] - rarer[b]);
  for (const [done, pair] of order.entries()) {
    const most = Math.max(...equal.filter((n) => n <= pairs.length - done));
    if ((rarer[pair] / (FLIPS + 1)) * most > 0.05) break;
    const [one, other] = pairs[pair];
    if (sums[pair] > 0) better[one][other] = true;
    else better[other][one] = true;
  }
  return better;
}

/** How many pairs of so many models can be equal. @param {number} models @returns {Set<number>} */
function equalPairs(models) {
  /** @type {Set<number>[]} */
  const sets = [new Set([0])];
  for (let count = 1; count <= models; count++) {
    const own = new Set(/** @type {number[]} */ ([]));
    for (let alike = 1; alike <= count; alike++)
      for (const more of sets[count - alike]) own.add((alike * (alike - 1)) / 2 + more);
    sets.push(own);
  }
  return sets[models];
}

/** @param {Tally[][]} shoots @param {number} count of models with votes */
function reasonOf(shoots, count) {
  const every = shoots.flat();
  if (!every.length) return "none";
  if (shoots.length < FEWEST) return "few";
  const joined = new Set([0]);
  for (let before = 0; before < joined.size; ) {
    before = joined.size;
    for (const [one, other] of every) {
      if (joined.has(one) || joined.has(other)) joined.add(one).add(other);
    }
  }
  return joined.size < count ? "apart" : "";
}

/**
 * The two models, and the case, whose vote would tell most; null where there is none left.
 * @param {Tally[]} votes
 * @param {number} count of models
 * @param {(one: number, other: number) => { place: number, votes: number }[]} cases that can be voted
 *   on, with the votes that the pair has there
 * @param {number} seed
 * @returns {{ one: number, other: number, place: number } | null}
 */
export function nextPair(votes, count, cases, seed) {
  const wins = winsOf(votes, count);
  const even = wins.map((row, i) => row.map((n, j) => n + (i === j ? 0 : 0.5)));
  const found = strengths(even);
  const telling = (/** @type {number} */ i, /** @type {number} */ j) => {
    const p = found[i] / (found[i] + found[j]);
    return (p * (1 - p)) / (wins[i][j] + wins[j][i] + 1);
  };
  const pairs = found.flatMap((_, i) => found.slice(i + 1).map((_, k) => [i, i + 1 + k]));
  pairs.sort((a, b) => telling(b[0], b[1]) - telling(a[0], a[1]));
  for (const [one, other] of pairs) {
    const there = cases(one, other);
    if (!there.length) continue;
    const fewest = Math.min(...there.map((each) => each.votes));
    const best = there.filter((each) => each.votes === fewest);
    const { place } = best[Math.floor(chance(seed)() * best.length)];
    return { one, other, place };
  }
  return null;
}
