"use strict";
// Filters what is there already; without it everything is on the page all the same.
const tools = document.querySelector(".tools");
const groups = [...document.querySelectorAll("#changes details")];
if (tools && groups.length) {
  const box = tools.querySelector("input"), told = tools.querySelector("output");
  const texts = groups.map((one) => one.textContent.toLowerCase());
  const show = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    groups.forEach((one, at) => {
      one.hidden = !words.every((word) => texts[at].includes(word));
      shown += one.hidden ? 0 : 1;
    });
    told.textContent = `${shown} of ${groups.length} shown`;
  };
  const all = (open) => () => groups.forEach((one) => { if (!one.hidden) one.open = open; });
  box.addEventListener("input", show);
  tools.querySelector(".open").addEventListener("click", all(true));
  tools.querySelector(".shut").addEventListener("click", all(false));
  tools.hidden = false;
  show();
}
