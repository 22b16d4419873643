// The share of cut-outs that people would use, and how sure that is: rmbg_eval.decisions.acceptance,
// while one decides. Of the same decisions both give the same numbers.

export const FEWEST = 5; // cut-outs, or shoots, without which there is no interval

/** @typedef {[number, number]} Bounds */
/** @typedef {[number, number, number]} Stratum usable, decided, there */
/** @typedef {[number, number]} Shoot usable, decided */

const TINY = 1e-300;

// Source: Lanczos, "A precision approximation of the gamma function", 1964.
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** The logarithm of gamma, above 0. @param {number} x */
function logGamma(x) {
  const all = LANCZOS.reduce((before, each, n) => before + each / (x + n), 0.9999999999998099);
  return Math.log(2 * Math.PI) / 2 + (x - 0.5) * Math.log(x + 6.5) - (x + 6.5) + Math.log(all);
}

/** How much of the beta distribution lies below x: its continued fraction by Lentz's method.
 * Source: NIST, Digital Library of Mathematical Functions, 8.17.22.
 * @param {number} a @param {number} b @param {number} x @returns {number} */
function below(a, b, x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - below(b, a, 1 - x);
  const whole = logGamma(a + b) - logGamma(a) - logGamma(b);
  const front = Math.exp(whole + a * Math.log(x) + b * Math.log1p(-x)) / a;
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1) || TINY)];
  let found = d;
  for (let m = 1; m < 1000; m++) {
    const before = found;
    for (const part of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + part * d || TINY);
      c = 1 + part / c || TINY;
      found *= c * d;
    }
    if (Math.abs(found - before) <= 1e-15 * found) break;
  }
  return front * found;
}

/** What so much of the beta distribution lies below.
 * @param {number} a @param {number} b @param {number} part */
function quantile(a, b, part) {
  let [low, high] = [0, 1];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (below(a, b, middle) < part) low = middle;
    else high = middle;
  }
  return low;
}

/** Clopper and Pearson's interval for a share seen among `count`, which need not be whole.
 * @param {number} share @param {number} count @returns {Bounds} */
export function exactInterval(share, count) {
  const [of, rest] = [share * count, (1 - share) * count];
  return [of > 0 ? quantile(of, rest + 1, 0.025) : 0, rest > 0 ? quantile(of + 1, rest, 0.975) : 1];
}

/** @type {Map<number, number>} */
const students = new Map();

/** Student's t of 97.5 %. @param {number} freedom 1 or more */
function student(freedom) {
  let t = students.get(freedom);
  if (t === undefined) {
    t = Math.sqrt(freedom * (1 / quantile(freedom / 2, 0.5, 0.05) - 1));
    students.set(freedom, t);
  }
  return t;
}

/** @param {number[]} numbers */
export const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** How many pictures, each alone, tell as much as these in their shoots. @param {Shoot[]} groups */
export function worth(groups) {
  const count = sum(groups.map(([, n]) => n));
  const shoots = groups.length;
  if (shoots === count || shoots < 2) return shoots;
  const share = sum(groups.map(([k]) => k)) / count;
  const one = share * (1 - share);
  const squares = sum(groups.map(([, n]) => n ** 2));
  const off = groups.map(([k, n]) => [k - share * n, n]);
  const unlike = sum(off.map(([each, n]) => (each / (1 - n / count)) ** 2));
  const jackknife = (unlike * (shoots - 1)) / shoots / count ** 2;
  const more = sum(off.map(([each, n]) => each ** 2 / n)) / (one || TINY) / (shoots - 1) - 1;
  const alike = Math.min(Math.max(more / (count / shoots - 1), 0), 1);
  const same = (one * (count + alike * (squares - count))) / count ** 2;
  const sizes = count ** 2 / squares;
  return Math.min(
    worthOf(share, jackknife, count, sizes, sizes - 1, count),
    worthOf(share, same, count, sizes, shoots - 1, count),
  );
}

/** Of any share, by its variance: see Python.
 * @param {number} share @param {number} variance @param {number} count @param {number} groups
 * @param {number} freedom @param {number} most */
export function worthOf(share, variance, count, groups, freedom, most) {
  const [one, half] = [share * (1 - share), 0.5 / count];
  const few = (student(Math.max(1, freedom)) / student(Math.max(1, most - 1))) ** 2;
  return Math.max(1, (one + half) / (Math.max(variance, one / most) * few + half / groups));
}

/** Null where of one none is decided. @param {Stratum[]} strata */
export function weightedShare(strata) {
  if (!strata.length || !strata.every(([, n]) => n)) return null;
  return sum(strata.map(([k, n, there]) => (k / n) * there)) / sum(strata.map(([, , n]) => n));
}

/** @param {Stratum[]} strata */
function worthOfStrata(strata) {
  const whole = sum(strata.map(([, , there]) => there));
  const shares = strata.map(([k, n, there]) => [(k + 1) / (n + 2), n, there / whole]);
  const share = sum(shares.map(([p, , weight]) => p * weight));
  const spread = sum(shares.map(([p, n, weight]) => (weight ** 2 * p * (1 - p)) / n));
  return (share * (1 - share)) / spread;
}

/** Of all pictures like these; null where there are too few, or no share. @param {Shoot[]} groups @param {Stratum[]} strata */
export function shareInterval(groups, strata) {
  const share = weightedShare(strata);
  if (share === null || groups.length < FEWEST) return null;
  const count = sum(groups.map(([, n]) => n));
  return exactInterval(share, (worthOfStrata(strata) * worth(groups)) / count);
}

/** How many more to decide, by chance, to know the share of `there` cut-outs ± `near`; null where
 * those that are undecided, refused at the low end and usable at the high end, leave it unknown.
 * @param {number} decided @param {number} share @param {number} there @param {number} near
 * @param {number} [alone] what one of them is worth @param {number} [undecided] that were looked at */
export function moreNeeded(decided, share, there, near, alone = 1, undecided = 0) {
  const known = (/** @type {number} */ total) => {
    const seen = total + undecided;
    if (!seen) return false;
    let [low, high] = [(share * total) / seen, (share * total + undecided) / seen];
    if (seen < there) {
      const count = (seen * alone * (there - 1)) / (there - seen);
      [low, high] = [exactInterval(low, count)[0], exactInterval(high, count)[1]];
    }
    return (high - low) / 2 <= near;
  };
  let [low, high] = [decided, Math.max(decided, there - undecided)];
  while (low < high) {
    const total = Math.floor((low + high) / 2);
    if (known(total)) high = total;
    else low = total + 1;
  }
  return known(low) ? low - decided : null;
}

/**
 * A model's cut-outs, as far as people looked at them.
 * @param {object} model
 * @param {string[][]} model.strata what is said of each cut-out, in the order of the plan; empty
 *   where nobody looked
 * @param {string[][]} model.shoots the same by shoot
 */
export function acceptance({ strata, shoots }) {
  const { counts, groups } = counted(strata, shoots, isDecided, isUsable);
  const lowest = counted(strata, shoots, Boolean, isUsable);
  const highest = counted(strata, shoots, Boolean, (each) => isUsable(each) || !isDecided(each));
  const share = weightedShare(counts);
  const there = sum(counts.map(([, , n]) => n));
  const decided = sum(counts.map(([, n]) => n));
  const usable = sum(counts.map(([k]) => k));
  const seen = sum(strata.map((all) => all.filter(Boolean).length));
  return {
    usable,
    undecided: seen - decided,
    unseen: there - seen,
    there,
    decided,
    share,
    // Undecided ones may be either: refused at the low end, usable at the high end.
    interval:
      share === null || groups.length < FEWEST
        ? null
        : /** @type {Bounds} */ (
            [lowest, highest].map((end, side) => shareInterval(end.groups, end.counts)?.[side])
          ),
    // What was looked at is what the plan begins with, in each stratum.
    drawn: strata.every((all) => all.slice(0, all.filter(Boolean).length).every(Boolean)),
    alone: decided ? worth(groups) / decided : 1,
  };
}

/**
 * Usable, counted, and there in each stratum; usable and counted in each shoot.
 * @param {string[][]} strata @param {string[][]} shoots
 * @param {(answer: string) => boolean} counts which count @param {(answer: string) => boolean} usable
 */
function counted(strata, shoots, counts, usable) {
  const of = (/** @type {string[]} */ all) => {
    const own = all.filter(counts);
    return [own.filter(usable).length, own.length, all.length];
  };
  return {
    counts: /** @type {Stratum[]} */ (strata.filter(({ length }) => length).map(of)),
    groups: /** @type {Shoot[]} */ (shoots.map((all) => of(all).slice(0, 2))).filter(([, n]) => n),
  };
}

const isUsable = (/** @type {string} */ answer) => answer === "usable";
const isDecided = (/** @type {string} */ answer) => ["usable", "mend", "unusable"].includes(answer);
