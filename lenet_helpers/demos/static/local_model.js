// What the pad and the reading ask of their model, on a page that has no kernel behind it.

export class LocalModel {
  constructor(values) {
    this.values = values;
    this.listeners = [];
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    this.tell(`change:${name}`);
  }

  save_changes() {}

  // `names` of events, with spaces between them.
  on(names, listener) {
    for (const name of names.split(" ")) this.listeners.push({ name, listener });
  }

  off(names, listener) {
    this.listeners = this.listeners.filter((each) => each.listener !== listener || !names.split(" ").includes(each.name));
  }

  tell(name, ...about) {
    for (const each of this.listeners) if (each.name === name) each.listener(...about);
  }

  // A message to the kernel: whoever stands in for that listens to "sent".
  send(content) {
    this.tell("sent", content);
  }
}
