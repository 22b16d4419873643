// The changes of a comparison that are ticked: each an approval, in the file that
// `rmbg-eval approve RUN --decisions FILE` takes exactly.

import { Decisions } from "./decisions.js";
import { allIn, h } from "./dom.js";
import { say, wordsOf } from "./words.js";

/** @typedef {[string, string, string, string | null, string | null]} Change category, case, model, SHA-256 before and after */

/** Make the boxes work, where the page has any. */
export async function approvals() {
  const data = document.getElementById("about-approvals")?.dataset.about;
  const section = document.getElementById("approve");
  if (!data || !section) return;
  /** @type {{ content: string, page: string, changes: Record<string, Change> }} */
  const { content, page, changes } = JSON.parse(data);
  const cases = new Map(
    Object.values(changes).map(([category, id]) => [`${category}\0${id}`, [category, id]]),
  );
  const reading = Decisions.of({
    content,
    page,
    models: [],
    cases: [...cases.values()].map(([category, id]) => ["", category, id, "", []]),
    plan: [],
    risks: [],
    signs: {},
    texts: [],
    decisions: [],
  });
  const words = wordsOf("review-words");
  /** @type {HTMLInputElement[]} */
  const boxes = allIn(document, "input[data-tick]");
  for (const box of boxes) {
    box.addEventListener("change", async () => {
      const on = box.checked; // also of one that is ticked while the page is being opened
      await reading;
      tick(box, on);
    });
  }
  section.addEventListener("click", async ({ target }) => {
    const command = target instanceof Element ? target.closest("button")?.dataset.do : "";
    await reading;
    if (command === "tick-all") for (const box of boxes) tick(box, true);
    else if (command === "tick-none") for (const box of boxes) tick(box, false);
    else if (command === "save-decisions") decisions.save("decisions.json");
  });
  const decisions = await reading;
  /** @param {HTMLInputElement} box */
  function like(box) {
    const [category, id, model, base, now] = changes[box.dataset.tick ?? ""];
    const about = { kind: "approval", category, case: id, model };
    return { ...about, base_sha256: base, new_sha256: now };
  }
  const ticked = (/** @type {HTMLInputElement} */ box) => Boolean(decisions.mine(like(box)));

  /** @param {HTMLInputElement} box @param {boolean} on */
  function tick(box, on) {
    if (on !== ticked(box)) decisions.add({ ...like(box), ...(on ? {} : { undone: true }) });
  }

  const show = () => {
    for (const box of boxes) box.checked = ticked(box);
    const count = boxes.filter((box) => box.checked).length;
    section
      .querySelector("[data-part=ticked]")
      ?.replaceChildren(...say(words, "ticked", { n: count, all: boxes.length }));
    decisions.tellUnsaved(section, words);
    if (decisions.full)
      section.querySelector("[data-part=unsaved]")?.append(h("br"), ...say(words, "full"));
  };

  decisions.on(show);
  show();
}
