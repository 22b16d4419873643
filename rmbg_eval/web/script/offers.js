// What the server that a page comes from does for it; a page that is a file has none.

const { content = "" } = /** @type {HTMLMetaElement} */ (
  document.querySelector('meta[name="rmbg-eval-offers"]') ?? {}
);

/** What may be asked for. */
export const offers = new Set(content.split(" ").filter(Boolean));

/** @typedef {Record<string, string>} Everywhere a text in every language */

/** That it was refused, and why, if that is told. */
export class Refusal extends Error {
  /** @param {Everywhere} [problem] @param {Everywhere} [remedy] */
  constructor(problem, remedy) {
    super(problem?.en);
    this.problem = problem;
    this.remedy = remedy;
  }
}

/**
 * @param {string} name of what is offered
 * @param {string} body JSON
 * @returns {Promise<any>} its answer; rejected with a Refusal, or where there is no server
 */
export async function ask(name, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`/${name}`, { method: "POST", headers, body });
  if (answer.status === 422) {
    const { problem, remedy } = await answer.json();
    throw new Refusal(problem, remedy);
  }
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
