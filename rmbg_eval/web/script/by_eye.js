// What is decided by eye on a page: opens the review and the vote, and saves and reads the files.

import { address } from "./address.js";
import { blind } from "./blind.js";
import { aboutPage, Decisions } from "./decisions.js";
import { h, partsOf } from "./dom.js";
import { review, shareOf, shareWords } from "./review.js";
import { say, wordsOf } from "./words.js";

/** Make the panel work, where the page has one. */
export async function byEye() {
  const about = aboutPage();
  const section = document.getElementById("by-eye");
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("review"));
  const voting = /** @type {HTMLDialogElement | null} */ (document.getElementById("blind"));
  if (!about || !section || !dialog || !voting) return;
  const reading = Decisions.of(about);
  const words = wordsOf("review-words");
  const part = partsOf(section);
  /** @type {HTMLInputElement[]} */
  const [person, file] = [part("person"), part("file")];
  const state = part("state");
  /** @type {(Node | string)[]} */
  let told = []; // what became of files
  const views = reading.then((decisions) => {
    const save = () => decisions.save("decisions.json");
    return {
      review: review(dialog, decisions, save),
      blind: blind(voting, decisions, save),
      save,
    };
  });
  section.addEventListener("click", async ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    const command = button?.dataset.do;
    if (command === "review") (await views).review.open();
    else if (command === "blind") (await views).blind.open();
    else if (command === "save-decisions") (await views).save();
    else if (command === "open-decisions") file.click();
  });
  file.addEventListener("change", async () => {
    const files = [...(file.files ?? [])];
    file.value = "";
    const lines = [];
    for (const each of files) {
      const result = await (await reading).open(each);
      if (lines.length) lines.push(" ");
      lines.push(
        ...(result ? say(words, "taken", result) : say(words, "no-file", { file: each.name })),
      );
    }
    told = lines;
    show();
  });
  const decisions = await reading;
  for (const [name, hidden] of /** @type {const} */ ([
    ["in-browser", decisions.served],
    ["on-server", !decisions.served],
  ]))
    part(name).hidden = hidden;
  if (decisions.person !== "anonymous") person.value = decisions.person;
  person.addEventListener("change", () => {
    decisions.person = person.value;
  });
  const looked = document.querySelector('[data-part="looked"]');
  const shares = part("shares");
  const show = () => {
    decisions.tellUnsaved(section, words);
    if (!dialog.open) shares.replaceChildren(...decided());
    const { problem, remedy } = decisions.refusal ?? {};
    if (problem && remedy) {
      state.replaceChildren(
        ...say(words, "refused"),
        ...Object.keys(problem).map((lang) =>
          h("span", { lang }, ` ${problem[lang]} ${remedy[lang]}`),
        ),
      );
    } else if (decisions.failing) state.replaceChildren(...say(words, "refused"));
    else if (decisions.full) state.replaceChildren(...say(words, "full"));
    else if (told.length) state.replaceChildren(...told);
    else
      state.replaceChildren(...(decisions.count ? say(words, "kept", { n: decisions.count }) : []));
    const { waiting } = decisions;
    if (waiting) {
      state.append(state.textContent && " · ", ...say(words, "waiting", { n: waiting }));
    }
    const [n, all] = [decisions.looked, decisions.about.need?.length ?? 0];
    const says = n < all ? say(words, "to-look", { n: all - n, all }) : say(words, "all-looked");
    looked?.replaceChildren(...(n ? says : []));
  };
  /** The share usable of each model, until a new report has it. */
  const decided = () =>
    (decisions.newer ? about.models : []).flatMap((model, number) => {
      const all = shareOf(decisions, number);
      if (!all.decided) return [];
      const parts = Object.values(shareWords(words, all)).filter(({ length }) => length);
      return [
        h(
          "li",
          {},
          ...say(words, "share-of", { model }),
          ...parts.flatMap((each, n) => (n ? [" · ", ...each] : each)),
        ),
      ];
    });
  dialog.addEventListener("close", show);
  decisions.on(show);
  show();
  async function follow() {
    const opened = await views;
    const wanted = address.read();
    const what = wanted.review ? "review" : wanted.blind && "blind";
    if (what && document.activeElement === document.body) {
      // Where the address opens it, the focus has somewhere to go back to, too.
      section
        ?.querySelector(/** @type {"button"} */ (`[data-do="${what}"]`))
        ?.focus({ preventScroll: true });
    }
    if (!wanted.review) dialog?.close();
    if (!wanted.blind) voting?.close();
    if (wanted.review) opened.review.open(wanted.review);
    else if (wanted.blind) opened.blind.open();
  }
  addEventListener("popstate", follow);
  follow();
}
