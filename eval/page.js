const search = document.getElementById("search");
const kind = document.getElementById("kind");
const failed = document.getElementById("failed");
const shown = document.getElementById("shown");
const questions = [...document.querySelectorAll("details[data-kind]")];

function filter() {
  const words = search.value.toLowerCase();
  let count = 0;
  for (const question of questions) {
    const fits = (!kind.value || question.dataset.kind === kind.value)
      && (!failed.checked || question.dataset.failed === "yes")
      && question.textContent.toLowerCase().includes(words);
    question.hidden = !fits;
    count += fits;
  }
  shown.textContent = `${count} of ${questions.length} shown`;
}

for (const control of [search, kind, failed]) control.addEventListener("input", filter);
filter();
