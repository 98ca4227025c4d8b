"use strict";
// Texts of the data only ever become text nodes: nothing here builds markup from them.
(function () {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const words = read("words"), titles = read("titles"), data = read("data");
  const byId = (id) => document.getElementById(id);
  const MOST_MATCHES = 12, MOST_ROWS = 200, MOST_BELOW = 60, MOST_UNFOLDED = 18;
  let lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  let shown = null; // what is shown: {kind: "unit" or "person" or "list", at: row, all: whether every row}

  const say = (code, values) => words[lang][code].replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? String(values[name]) : whole));
  const within = (text, inside) => say("in-brackets", { text: text, inside: inside });
  const number = (value) => value.toLocaleString("en-US");

  function make(tag, text, attributes, children) {
    const element = document.createElement(tag);
    if (text !== null && text !== undefined && text !== "") element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    for (const child of children || []) element.appendChild(child);
    return element;
  }
  const clear = (element) => { while (element.firstChild) element.removeChild(element.firstChild); };

  // ---------------------------------------------------------------- rows that belong together

  const sum = (counts) => { let at = 0; return counts.map((count) => (at += count) - count); };
  const firstSeat = sum(data.seats.count);
  function grouped(keys, size) {
    const groups = new Map();
    keys.forEach((key, row) => { if (groups.has(key)) groups.get(key).push(row); else groups.set(key, [row]); });
    return groups;
  }
  const people = data.people, units = data.units;
  const membersOf = grouped(people.unit), below = grouped(units.above);
  const owedBy = grouped(data.owed.person), overdueOf = grouped(data.overdue.person), floorsOf = grouped(data.floors.team);

  const unitName = (u) => (lang === "en" && units.en[u] !== undefined ? units.en[u] : units.zh[u]);
  const headcount = (p) => people.more[p] || 1;
  const seatsOf = (p) => Array.from({ length: data.seats.count[p] }, (_, n) => firstSeat[p] + n);
  const seatHeads = (seat) => data.seats.more[seat] || 1;

  // ---------------------------------------------------------------- searching

  const plain = (text) => text.normalize("NFKC").trim().toLowerCase();
  let index = null; // made at the first search
  function prepared() {
    if (!index) index = { units: units.id.map(plain), zh: units.zh.map(plain), en: units.id.map((_, u) => plain(units.en[u] || "")), people: people.id.map(plain) };
    return index;
  }

  // Rows whose rank is not null, the best rank first and in their own order within a rank.
  function ranked(size, rank) {
    const found = [[], [], [], []];
    for (let row = 0; row < size; row++) { const at = rank(row); if (at !== null) found[at].push(row); }
    return [].concat(...found);
  }

  function search(text) {
    const query = plain(text), at = prepared();
    if (!query) return { units: [], people: [] };
    const byText = (id, names) => {
      if (id === query || names.includes(query)) return 0;
      if (id.startsWith(query)) return 1;
      if (names.some((name) => name.startsWith(query))) return 2;
      return names.some((name) => name.includes(query)) ? 3 : null;
    };
    return {
      units: ranked(units.id.length, (u) => byText(at.units[u], [at.zh[u], at.en[u]])),
      people: ranked(people.id.length, (p) => byText(at.people[p], [])),
    };
  }

  function find(text, focus) {
    const found = search(text), query = plain(text), at = prepared();
    byId("query").value = text;
    const exactUnits = found.units.filter((u) => [at.units[u], at.zh[u], at.en[u]].includes(query));
    const exactPeople = found.people.filter((p) => at.people[p] === query);
    const total = found.units.length + found.people.length;
    const pick = (at, who) => (at.length ? { kind: "unit", at: at[0] } : { kind: "person", at: who[0] });
    if (exactUnits.length + exactPeople.length === 1) shown = pick(exactUnits, exactPeople);
    else if (total === 1) shown = pick(found.units, found.people);
    else shown = { kind: "list" };
    shown.query = text;
    draw(focus);
  }

  // ---------------------------------------------------------------- drawing

  function draw(focus) {
    const matches = byId("matches"), schedule = byId("schedule");
    clear(matches);
    clear(schedule);
    byId("told").textContent = "";
    byId("results").hidden = shown === null;
    if (!shown) return;
    if (shown.kind === "list" || shown.chosen) drawMatches(matches, search(shown.query));
    if (shown.kind === "unit") drawUnit(schedule, shown.at);
    if (shown.kind === "person") drawPerson(schedule, shown.at);
    byId("results").setAttribute("aria-label", byId("results").getAttribute("data-" + lang));
    const heading = schedule.querySelector("h3");
    byId("told").className = heading ? "heard" : "";
    if (heading) byId("told").textContent = say("page.shown", { name: heading.textContent });
    if (focus && heading) heading.focus();
    if (focus) byId("results").scrollIntoView();
  }

  function choice(kind, at, text) {
    const button = make("button", text, { type: "button" });
    button.addEventListener("click", () => open(kind, at, shown.kind === "list" || shown.chosen));
    return make("li", null, {}, [button]);
  }
  // What was chosen from a list keeps the list above it.
  function open(kind, at, chosen) {
    shown = { kind: kind, at: at, query: shown.query, chosen: chosen };
    draw(true);
  }

  function drawMatches(place, found) {
    const counts = [];
    const lists = [
      ["page.found-units", "unit", found.units, (u) => within(unitName(u), units.id[u])],
      ["page.found-people", "person", found.people, (p) => people.id[p] + " " + people.name[p]],
    ];
    for (const [code, kind, rows, text] of lists) {
      if (!rows.length) continue;
      counts.push(say(code, { count: number(rows.length) }));
      const list = make("ul", null, { class: "matches" }, rows.slice(0, MOST_MATCHES).map((row) => choice(kind, row, text(row))));
      if (rows.length > MOST_MATCHES) list.appendChild(make("li", say("page.more-results", { count: number(rows.length - MOST_MATCHES) })));
      place.appendChild(list);
    }
    byId("told").textContent = counts.join(" · ") || say("page.found-none");
  }

  const seatLine = (seat) => {
    const s = data.seats.session[seat], sessions = data.sessions, heads = seatHeads(seat);
    const line = make("li", null, {}, [make("b", sessions.dates[lang][s].join(words[lang]["separator"]))]);
    const rest = [data.programmes[lang][sessions.programme[s]], data.places[lang][sessions.place[s]]];
    if (heads > 1) rest.push(say("page.group-of", { count: number(heads) }));
    line.appendChild(document.createTextNode(" " + rest.join(" · ") + " "));
    line.appendChild(make("small", sessions.id[s]));
    return line;
  };

  const debtLines = (p) => (owedBy.get(p) || []).map((row) => {
    const d = data.owed.debt[row];
    return say("page.owes", { hours: number(data.owed.hours[row]), title: data.debts[lang][d], year: data.debts.year[d] });
  }).concat((overdueOf.get(p) || []).map((row) => say("page.overdue-in", { year: data.overdue.year[row], title: data.whys[lang][data.overdue.why[row]] })));

  const list = (lines) => make("ul", null, { class: "seats" }, lines);
  const cell = (code, text, children, kind) => make("td", text, { "data-label": say(code), class: kind || "text" }, children);

  function table(codes, rows, kind) {
    const head = make("tr", null, {}, codes.map((code) => make("th", say(code), { scope: "col" })));
    const made = make("table", null, { class: kind || "cards" }, [make("thead", null, {}, [head]), make("tbody", null, {}, rows)]);
    return make("div", null, { class: "wide" }, [made]);
  }

  // Every part of a class in its own line.
  const datesCell = (s) => cell("column.dates", null, data.sessions.dates[lang][s].map((part) => make("span", part, { class: "part" })));
  const heading = (text) => make("h3", text, { tabindex: "-1" });
  const post = (p) => [data.posts[lang][people.post[p]], data.ranks[lang][people.rank[p]]].filter(Boolean).join(" · ");

  function link(kind, at, text) {
    const made = make("a", text, { href: "#find=" + encodeURIComponent(kind === "unit" ? units.id[at] : people.id[at]) });
    made.addEventListener("click", (event) => { event.preventDefault(); open(kind, at, shown.chosen); });
    return made;
  }

  function drawUnit(place, u) {
    const members = membersOf.get(u) || [];
    const seats = members.reduce((total, p) => total + seatsOf(p).reduce((n, seat) => n + seatHeads(seat), 0), 0);
    place.appendChild(heading(within(unitName(u), units.id[u])));
    const facts = [data.kinds[lang][units.kind[u]], say("page.count-people", { count: number(members.reduce((n, p) => n + headcount(p), 0)) })];
    if (members.length) facts.push(say("page.count-seats", { count: number(seats) }));
    const line = make("p", facts.filter(Boolean).join(" · "));
    if (units.above[u] >= 0) {
      line.appendChild(document.createTextNode(" · " + say("page.above") + " "));
      line.appendChild(link("unit", units.above[u], unitName(units.above[u])));
    }
    place.appendChild(line);
    drawTeams(place, Array.from(new Set(members.map((p) => people.team[p]))));
    if (!members.length) place.appendChild(make("p", say("page.no-people")));
    else if (!seats) place.appendChild(make("p", say("page.no-seats")));
    if (members.length) {
      const rows = (shown.all ? members : members.slice(0, MOST_ROWS)).map(memberRow);
      place.appendChild(table(["column.name", "column.cadre_id", "column.post", "page.away", "column.owed"], rows));
      if (members.length > MOST_ROWS && !shown.all) {
        const button = make("button", say("page.show-all", { count: number(members.length) }), { type: "button" });
        button.addEventListener("click", () => { shown.all = true; draw(false); });
        place.appendChild(button);
      }
    }
    const under = below.get(u) || [];
    if (under.length) {
      place.appendChild(make("p", say("page.below", { count: number(under.length) }), { class: "below" }));
      const links = make("ul", null, { class: "matches" }, under.slice(0, MOST_BELOW).map((v) => choice("unit", v, unitName(v))));
      if (under.length > MOST_BELOW) links.appendChild(make("li", say("page.more-results", { count: number(under.length - MOST_BELOW) })));
      place.appendChild(links);
    }
  }

  function memberRow(p) {
    const seats = seatsOf(p).map(seatLine), debts = debtLines(p).map((text) => make("li", text));
    return make("tr", null, {}, [
      make("th", people.name[p], { scope: "row" }),
      cell("column.cadre_id", null, [link("person", p, people.id[p])], "text id"),
      cell("column.post", headcount(p) > 1 ? say("page.group-of", { count: number(headcount(p)) }) : post(p)),
      cell("page.away", seats.length ? null : "—", seats.length ? [list(seats)] : [], "text list"),
      cell("column.owed", debts.length ? null : "—", debts.length ? [list(debts)] : [], "text list debts"),
    ]);
  }

  function drawTeams(place, teams) {
    const rows = [].concat(...teams.map((team) => floorsOf.get(team) || []));
    if (!rows.length) return;
    const f = data.floors;
    const codes = ["column.title", "column.year", "column.size", "column.required", "column.achieved", "column.status"];
    place.appendChild(make("p", say("page.team-years"), { class: "lowest" }));
    place.appendChild(table(codes, rows.map((row) => {
      const name = f.achieved[row] >= f.required[row] ? "kept" : data.floorRules.missed[f.rule[row]];
      const mark = { kept: "✓ ", breached: "✗ ", reported: "· " }[name];
      const figures = ["year", "size", "required", "achieved"].map((key) => cell("column." + key, key === "year" ? f.year[row] : number(f[key][row]), [], "figure"));
      const title = teams.length > 1 ? within(data.floorRules[lang][f.rule[row]], data.teams[f.team[row]]) : data.floorRules[lang][f.rule[row]];
      const status = make("span", mark + say("status." + name), { class: "status " + name });
      return make("tr", null, {}, [make("th", title, { scope: "row" }), ...figures, cell("column.status", null, [status])]);
    }), "cards grid"));
  }

  function drawPerson(place, p) {
    const sessions = data.sessions, u = people.unit[p];
    place.appendChild(heading(within(people.name[p], people.id[p])));
    const line = make("p", say("page.of-unit") + " ", {}, [link("unit", u, unitName(u))]);
    const facts = headcount(p) > 1 ? [say("page.group-of", { count: number(headcount(p)) })] : [post(p)];
    line.appendChild(document.createTextNode(facts.filter(Boolean).map((fact) => " · " + fact).join("")));
    place.appendChild(line);
    for (const text of debtLines(p)) place.appendChild(make("p", text));
    const seats = seatsOf(p);
    if (!seats.length) { place.appendChild(make("p", say("page.person"))); return; }
    const codes = ["column.year", "column.dates", "column.programme", "column.place", "column.days", "column.session_id", "column.reason"];
    place.appendChild(table(codes, seats.map((seat) => {
      const s = data.seats.session[seat], heads = seatHeads(seat);
      const name = data.programmes[lang][sessions.programme[s]];
      const programme = heads > 1 ? within(name, say("page.group-of", { count: number(heads) })) : name;
      return make("tr", null, {}, [
        make("th", sessions.year[s], { scope: "row" }), datesCell(s), cell("column.programme", programme),
        cell("column.place", data.places[lang][sessions.place[s]]), cell("column.days", number(sessions.days[s]), [], "figure"),
        cell("column.session_id", sessions.id[s]), cell("column.reason", data.reasons[lang][data.seats.reason[seat]]),
      ]);
    })));
  }

  // ---------------------------------------------------------------- language, filter, address, print

  function speak(chosen) {
    lang = chosen;
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.title = titles[lang];
    for (const element of document.querySelectorAll("[data-lang]")) element.hidden = element.getAttribute("data-lang") !== lang;
    for (const button of document.querySelectorAll("[data-switch]")) button.setAttribute("aria-pressed", String(button.getAttribute("data-switch") === lang));
    draw(false);
  }

  function filter(chosen) {
    for (const select of document.querySelectorAll("select[data-filter]")) select.value = chosen;
    if (chosen) for (const table of document.querySelectorAll("table.clauses")) unfold(table);
    for (const row of document.querySelectorAll("tr[data-status]")) {
      row.hidden = chosen === "short" ? !row.hasAttribute("data-short") : Boolean(chosen) && row.getAttribute("data-status") !== chosen;
    }
  }

  // A long table shows its first rows; the style lets a printer have them all.
  function fold(table) {
    const rows = table.tBodies[0].rows.length, own = table.closest("[data-lang]").getAttribute("data-lang");
    if (rows < MOST_UNFOLDED) return;
    const button = make("button", words[own]["page.show-all"].replace("{count}", number(rows)), { type: "button", class: "unfold" });
    button.addEventListener("click", () => unfold(table));
    table.classList.add("folded");
    table.parentNode.after(button);
  }
  function unfold(table) {
    const button = table.parentNode.nextElementSibling;
    table.classList.remove("folded");
    if (button && button.classList.contains("unfold")) button.remove();
  }

  // The address may name a language and what to look up: report.html#lang=en&find=410122
  function follow(focus) {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.get("lang") in titles) speak(asked.get("lang"));
    if (asked.get("find")) find(asked.get("find"), focus);
  }

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const part of closed) part.open = true;
  });
  window.addEventListener("afterprint", () => { for (const part of closed) part.open = false; });

  for (const button of document.querySelectorAll("[data-switch]")) button.addEventListener("click", () => speak(button.getAttribute("data-switch")));
  for (const select of document.querySelectorAll("select[data-filter]")) select.addEventListener("change", () => filter(select.value));
  byId("search").addEventListener("submit", (event) => { event.preventDefault(); find(byId("query").value, true); });
  // While an input method still composes Chinese characters there is nothing to look up.
  function typed(event) {
    if (event.isComposing) return;
    const text = byId("query").value;
    if (plain(text).length > 1) find(text, false);
    else { shown = null; draw(false); }
  }
  byId("query").addEventListener("input", typed);
  byId("query").addEventListener("compositionend", typed);
  byId("close").addEventListener("click", () => { shown = null; byId("query").value = ""; draw(false); byId("query").focus(); });
  window.addEventListener("hashchange", () => follow(true));
  for (const table of document.querySelectorAll("table[data-fold]")) fold(table);
  byId("search").hidden = false;
  follow(false);
})();
