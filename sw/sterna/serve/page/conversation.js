// What was said, and the answer that comes. Texts are put into the page as texts, never as HTML.
import { ask } from "./server.js";

export class Conversation {
  // `model` is a promise: somebody may have written before the server has said what it serves.
  constructor(byId, model) {
    this.byId = byId;
    this.model = model;
    this.messages = [];
    this.running = null;
  }

  async say() {
    const field = this.byId("text");
    if (this.running || !field.value.trim()) return;
    const said = { role: "user", content: field.value };
    this.messages.push(said);
    this.show("user", "You").text.textContent = said.content;
    field.value = "";
    await this.answer();
    field.focus();
  }

  stop() {
    this.running?.abort();
  }

  forget() {
    this.stop();
    this.messages = [];
    this.byId("messages").replaceChildren();
    this.fail("");
    this.byId("text").focus();
  }

  async answer() {
    const mine = this.messages;
    const running = new AbortController();
    this.run(running);
    this.fail("");
    const shown = this.show("assistant", "");
    const began = performance.now();
    let first = null, usage = null, content = "";
    try {
      const model = await this.model;
      shown.who.textContent = model;
      for await (const part of ask(this.wish(model), running.signal)) {
        usage = part.usage ?? usage;
        const piece = part.choices[0]?.delta?.content;
        if (!piece) continue;
        first ??= performance.now();
        content += piece;
        shown.text.textContent = content;
        this.follow();
      }
      shown.told.textContent = told(usage, began, first ?? performance.now());
    } catch (error) {
      if (error.name === "AbortError") shown.told.textContent = "stopped";
      else if (mine === this.messages) this.fail(error.message);
    } finally {
      this.run(null);
      this.follow();
    }
    if (content) mine.push({ role: "assistant", content });
    else if (mine === this.messages) this.takeBack(shown);
  }

  // An answer that never came: what was said goes back into the field, to be said again.
  takeBack(shown) {
    shown.item.previousElementSibling?.remove();
    shown.item.remove();
    const said = this.messages.pop();
    if (said && !this.byId("text").value) this.byId("text").value = said.content;
  }

  wish(model) {
    const number = (id) => {
      const value = this.byId(id).value;
      return value === "" ? undefined : Number(value);
    };
    return {
      model, messages: this.messages, max_tokens: number("most"),
      temperature: number("temperature"), seed: number("seed"),
    };
  }

  show(role, name) {
    const item = document.createElement("li");
    item.className = role;
    const [who, text, toldLine] = ["who", "text", "told"].map((kind) => {
      const line = document.createElement("p");
      line.className = kind;
      item.append(line);
      return line;
    });
    who.textContent = name;
    this.byId("messages").append(item);
    this.follow();
    return { item, who, text, told: toldLine };
  }

  follow() {
    const list = this.byId("messages");
    list.scrollTop = list.scrollHeight;
  }

  run(running) {
    this.running = running;
    this.byId("send").disabled = running !== null;
    this.byId("stop").disabled = running === null;
    this.byId("messages").setAttribute("aria-busy", String(running !== null));
  }

  fail(line) {
    this.byId("failure").textContent = line;
    this.byId("failure").hidden = !line;
  }
}

// How many tokens, how fast they came here, and what had not to be read again.
function told(usage, began, first) {
  if (!usage) return "";
  const seconds = (performance.now() - first) / 1000;
  const made = usage.completion_tokens;
  const rate = made > 1 && seconds > 0 ? `, ${((made - 1) / seconds).toFixed(1)} a second` : "";
  const kept = usage.prompt_tokens_details?.cached_tokens ?? 0;
  return `${made} tokens${rate}; the first after ${Math.round(first - began)} ms, `
    + `${usage.prompt_tokens - kept} of ${usage.prompt_tokens} before it were read`;
}
