// The page: a conversation, and what the device does meanwhile.
import { Conversation } from "./conversation.js";
import { watch } from "./counters.js";
import { get } from "./server.js";

const byId = (id) => document.getElementById(id);
const health = get("health").then((answer) => answer.json());
const conversation = new Conversation(byId, health.then((served) => served.model));

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  conversation.say();
});
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    conversation.say();
  }
});
byId("stop").addEventListener("click", () => conversation.stop());
byId("again").addEventListener("click", () => conversation.forget());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") conversation.stop();
});
// A key is kept as long as the tab is, and nowhere else.
byId("key").value = sessionStorage.getItem("key") ?? "";
byId("key").addEventListener("change", () => sessionStorage.setItem("key", byId("key").value));

async function introduce() {
  const served = await health;
  document.title = `${served.model}: Sterna`;
  const streams = `${served.streams} token stream${served.streams === 1 ? "" : "s"}`;
  byId("served").textContent = `${served.model} on ${served.device}, ${streams}`;
  byId("hint").textContent = served.chat_template
    ? "" : "This model has no chat template: it goes on where your text ends.";
}

introduce().catch((error) => { byId("served").textContent = error.message; });
watch(byId("counters"), byId("graph").firstElementChild);
