// The comparison's slider: shown only where there is a script to move it.

/** @param {HTMLElement} slide */
export function slider(slide) {
  const range = slide.querySelector("input");
  const images = slide.closest(".pair")?.querySelectorAll(".three img") ?? [];
  if (!range || images.length < 2) return;
  const [base, over] = [...images].map((image) => /** @type {HTMLElement} */ (image.cloneNode()));
  over.classList.add("over");
  slide.querySelector(".stack")?.append(base, over);
  const move = () => over.style.setProperty("--at", `${range.value}%`);
  range.addEventListener("input", move);
  slide.hidden = false;
  move();
}
