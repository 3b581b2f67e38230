// What /metrics counts, as rates, once a second while the page is looked at.
import { get } from "./server.js";

const SECOND = 1000;
const KEPT = 60;

function parse(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const at = line.lastIndexOf(" ");
    // Several by their labels are one number here.
    const name = line.slice(0, at).replace(/^sterna_/, "").replace(/{.*}$/, "");
    found.set(name, (found.get(name) ?? 0) + Number(line.slice(at + 1)));
  }
  return found;
}

function bytes(number) {
  return number < 1000 ? `${Math.round(number)} B` : `${(number / 1000).toFixed(1)} kB`;
}

// Names and texts of the counters, from two readings that lie `seconds` apart.
function rows(now, before, seconds) {
  const since = (name) => (now.get(name) ?? 0) - (before.get(name) ?? 0);
  const made = since("tokens_made_total");
  const texts = now.get("first_token_seconds_count");
  const wait = texts ? `${(now.get("first_token_seconds_sum") / texts * 1000).toFixed(0)} ms` : "–";
  const trips = made ? (since("link_round_trips_total") / made).toFixed(2) : "–";
  return [
    ["tokens a second", (made / seconds).toFixed(1)],
    ["device busy", `${Math.round(Math.min(1, since("busy_seconds_total") / seconds) * 100)} %`],
    ["texts running", `${now.get("texts_running")} of ${now.get("streams")}`],
    ["texts waiting", `${now.get("texts_waiting")}`],
    ["wait for a first token", wait],
    ["tokens made", `${now.get("tokens_made_total")}`],
    ["not read again", `${now.get("tokens_kept_total") + now.get("tokens_restored_total")}`],
    ["link", `${bytes(since("link_bytes_total") / seconds)}/s`],
    ["round trips a token", trips],
    ["loaded again", `${now.get("recoveries_total")}`],
  ];
}

function show(list, found) {
  for (const [index, [name, value]] of found.entries()) {
    if (!list.children[2 * index]) {
      list.append(document.createElement("dt"), document.createElement("dd"));
      list.children[2 * index].textContent = name;
    }
    list.children[2 * index + 1].textContent = value;
  }
}

export function watch(list, line) {
  let before = null, at = 0;
  const rates = [];
  const look = async () => {
    if (document.hidden) return;
    const now = parse(await (await get("metrics")).text());
    const time = performance.now();
    if (before) {
      const seconds = (time - at) / SECOND;
      show(list, rows(now, before, seconds));
      rates.push((now.get("tokens_made_total") - before.get("tokens_made_total")) / seconds);
      if (rates.length > KEPT) rates.shift();
      const most = Math.max(1, ...rates);
      line.setAttribute("points", rates.map((rate, index) =>
        `${(120 * index) / (KEPT - 1)},${39 - (38 * rate) / most}`).join(" "));
    }
    [before, at] = [now, time];
  };
  // A server that is away, or wants a key, is asked again.
  const again = () => look().catch(() => { before = null; }).finally(() => setTimeout(again, SECOND));
  again();
}
