// Searches the entries of the ledger and of the checks on the page; without scripts all are there.
document.querySelectorAll(".searched").forEach((place) => {
  const entries = [...place.querySelectorAll(".entry")];
  const topics = [...place.querySelectorAll("details.topic")];
  const verdicts = [...new Set(entries.map((e) => e.classList[1]))];

  const form = document.createElement("form");
  form.className = "entry-search";
  form.innerHTML =
    '<input type="search" placeholder="Search: a word, an id" aria-label="Search">' +
    '<select aria-label="Verdict or kind"><option value="">all</option></select>' +
    "<output></output>";
  const [words, kind, told] = form.children;
  verdicts.forEach((v) => kind.add(new Option(v.replaceAll("-", " "), v)));
  form.addEventListener("submit", (event) => event.preventDefault());
  place.prepend(form);

  const folded = topics.map((topic) => topic.open);
  form.addEventListener("input", () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    entries.forEach((entry) => {
      const text = entry.textContent.toLowerCase();
      const fits = (!kind.value || entry.classList.contains(kind.value)) &&
        wanted.every((word) => text.includes(word));
      entry.hidden = !fits;
      count += fits;
    });
    const active = Boolean(wanted.length || kind.value);
    topics.forEach((topic, i) => {
      const some = topic.querySelector(".entry:not([hidden])");
      topic.hidden = !some;
      topic.open = active ? Boolean(some) : folded[i];
    });
    told.textContent = active ? `${count} of ${entries.length}` : "";
  });
});

// A link to something folded opens it.
const unfold = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  if (target && target.closest("details")) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
