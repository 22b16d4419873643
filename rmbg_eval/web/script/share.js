// The share of cut-outs that people would use, and how sure that is: rmbg_eval.decisions.acceptance,
// while one decides. Of the same decisions both give the same numbers.

const Z = 1.959964; // of 97.5 %
export const FEWEST = 5; // cut-outs, or shoots, without which there is no interval

/** @typedef {[number, number]} Bounds */
/** @typedef {[number, number, number]} Stratum usable, decided, there */
/** @typedef {[number, number]} Shoot usable, decided */

/** Wilson's interval for a share seen among `count`. @param {number} share @param {number} count @returns {Bounds} */
export function wilson(share, count) {
  if (count <= 0) return [0, 1];
  const square = (Z * Z) / count;
  const middle = (share + square / 2) / (1 + square);
  const reach =
    (Z / (1 + square)) * Math.sqrt((share * (1 - share)) / count + square / (4 * count));
  return [
    share === 0 ? 0 : Math.max(0, middle - reach),
    share === 1 ? 1 : Math.min(1, middle + reach),
  ];
}

/** How much of Student's t of so many degrees lies within ± √degrees · tan(angle).
 * Source: Abramowitz and Stegun, 26.7.3 and 26.7.4. @param {number} angle @param {number} degrees */
function within(angle, degrees) {
  const square = Math.cos(angle) ** 2;
  const odd = degrees % 2;
  let term = odd ? Math.cos(angle) : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (square * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

/** @type {Map<number, number>} */
const students = new Map();

/** Student's t of 97.5 %. @param {number} degrees a whole number */
export function student(degrees) {
  let t = students.get(degrees);
  if (t === undefined) {
    let [low, high] = [0, Math.PI / 2];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (within(middle, degrees) < 0.95) low = middle;
      else high = middle;
    }
    t = Math.sqrt(degrees) * Math.tan(low);
    students.set(degrees, t);
  }
  return t;
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** How many pictures, each alone, tell as much as these in their shoots. @param {Shoot[]} groups */
export function worth(groups) {
  const count = sum(groups.map(([, n]) => n));
  const shoots = groups.length;
  if (shoots === count) return count;
  const usable = sum(groups.map(([k]) => k));
  const share = usable / count;
  if (shoots < 2 || usable === 0 || usable === count) return shoots;
  const spread =
    (sum(groups.map(([k, n]) => (k - share * n) ** 2)) * shoots) / (shoots - 1) / count ** 2;
  const few = (student(count - 1) / student(shoots - 1)) ** 2;
  const alone = spread ? (share * (1 - share)) / spread : count;
  return Math.max(1, Math.min(count, alone) * few);
}

/** Each stratum of which none is decided together with the next, or the last. @param {Stratum[]} strata */
function merged(strata) {
  /** @type {Stratum[]} */
  const all = [];
  let waiting = 0;
  for (const [k, n, there] of strata) {
    if (n) all.push([k, n, there + waiting]);
    waiting = n ? 0 : waiting + there;
  }
  if (waiting && all.length) all[all.length - 1][2] += waiting;
  return all;
}

/** @param {Stratum[]} strata */
export function weightedShare(strata) {
  const all = merged(strata);
  return sum(all.map(([k, n, there]) => (k / n) * there)) / sum(all.map(([, , there]) => there));
}

/** @param {Stratum[]} strata */
function worthOfStrata(strata) {
  const all = merged(strata);
  const whole = sum(all.map(([, , there]) => there));
  const shares = all.map(([k, n, there]) => [(k + 1) / (n + 2), n, there / whole]);
  const share = sum(shares.map(([p, , weight]) => p * weight));
  const spread = sum(shares.map(([p, n, weight]) => (weight ** 2 * p * (1 - p)) / n));
  return (share * (1 - share)) / spread;
}

/** Of all pictures like these; null where there are too few. @param {Shoot[]} groups @param {Stratum[]} strata */
export function shareInterval(groups, strata) {
  if (groups.length < FEWEST) return null;
  const count = sum(groups.map(([, n]) => n));
  return wilson(weightedShare(strata), (worthOfStrata(strata) * worth(groups)) / count);
}

/** Of this run's own cut-outs; null where too few are decided. @param {Stratum[]} strata @returns {Bounds | null} */
export function ofRunInterval(strata) {
  const decided = sum(strata.map(([, n]) => n));
  const there = sum(strata.map(([, , each]) => each));
  if (decided < FEWEST) return null;
  const share = weightedShare(strata);
  if (decided === there) return [share, share];
  const [low, high] = wilson(share, (worthOfStrata(strata) * (there - 1)) / (there - decided));
  const seen = sum(strata.map(([k]) => k));
  return [Math.max(low, seen / there), Math.min(high, (seen + there - decided) / there)];
}

/** How many more to look at, by chance, to know the share of `there` cut-outs ± `near`.
 * @param {number} decided @param {number} share @param {number} there @param {number} near
 * @param {number} [alone] what one of them is worth */
export function moreNeeded(decided, share, there, near, alone = 1) {
  for (let total = decided; total < there; total++) {
    const [low, high] = total
      ? wilson(share, (total * alone * (there - 1)) / (there - total))
      : [0, 1];
    if ((high - low) / 2 <= near) return total - decided;
  }
  return Math.max(0, there - decided);
}

/**
 * A model's cut-outs, as far as people looked at them.
 * @param {object} model
 * @param {string[][]} model.strata what is said of each cut-out, in the order of the plan; empty
 *   where nobody looked
 * @param {string[][]} model.shoots the same by shoot
 */
export function acceptance({ strata, shoots }) {
  const kept = strata.filter((all) => all.length);
  const counts = kept.map((all) => {
    const decided = all.filter(isDecided);
    const usable = decided.filter((answer) => answer === "usable");
    return /** @type {Stratum} */ ([usable.length, decided.length, all.length]);
  });
  const groups = shoots
    .map((all) => {
      const decided = all.filter(isDecided);
      return /** @type {Shoot} */ ([
        decided.filter((answer) => answer === "usable").length,
        decided.length,
      ]);
    })
    .filter(([, n]) => n);
  const there = sum(counts.map(([, , n]) => n));
  const decided = sum(counts.map(([, n]) => n));
  const usable = sum(counts.map(([k]) => k));
  const seen = sum(kept.map((all) => all.filter(Boolean).length));
  const share = decided ? weightedShare(counts) : null;
  const whole = decided === there;
  // What was looked at is what the plan begins with, in each stratum.
  const first = kept.every((all) => all.slice(0, all.filter(Boolean).length).every(Boolean));
  return {
    usable,
    refused: decided - usable,
    undecided: seen - decided,
    unseen: there - seen,
    there,
    decided,
    share,
    interval: decided ? shareInterval(groups, counts) : null,
    ofRun: /** @type {Bounds | null} */ (
      share === null ? null : whole ? [share, share] : ofRunInterval(counts)
    ),
    shoots: groups.length,
    drawn: whole || first,
    alone: decided ? worth(groups) / decided : 1,
  };
}

const isDecided = (/** @type {string} */ answer) => ["usable", "mend", "unusable"].includes(answer);
