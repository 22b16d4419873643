// The comparison's slider: shown only where there is a script to move it.
for (const slide of document.querySelectorAll(".slide")) {
  const range = slide.querySelector("input");
  const [base, fresh] = slide.closest(".pair").querySelectorAll(".three img");
  const over = fresh.cloneNode();
  over.classList.add("over");
  slide.querySelector(".stack").append(base.cloneNode(), over);
  const move = () => over.style.setProperty("--at", `${range.value}%`);
  range.addEventListener("input", move);
  slide.hidden = false;
  move();
}
