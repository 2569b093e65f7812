"use strict";

const make = (tag, text, ...children) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};

const resolve = (api, schema) => {
  if (!schema || !schema.$ref) return schema || {};
  return api.components.schemas[schema.$ref.split("/").pop()] || {};
};

const nameOf = (schema) => {
  if (schema.$ref) return schema.$ref.split("/").pop().split(".").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(nameOf).join(" | ");
  if (schema.type === "array") return `array of ${nameOf(schema.items || {})}`;
  return [].concat(schema.type || "any").join(" | ") + (schema.format ? ` (${schema.format})` : "");
};

const bounds = (schema) =>
  ["minimum", "maximum", "minLength", "maxLength", "pattern", "default"]
    .filter((word) => word in schema)
    .map((word) => `${word} ${JSON.stringify(schema[word])}`)
    .join(", ");

const table = (rows) => {
  const body = make("tbody");
  for (const row of rows) body.append(make("tr", "", ...row.map((cell) => make("td", cell))));
  return make("table", "", body);
};

const members = (api, schema, seen) => {
  const whole = resolve(api, schema);
  const inner = whole.type === "array" ? resolve(api, whole.items) : whole;
  const box = make("div");
  for (const [name, member] of Object.entries(inner.properties || {})) {
    const needed = (inner.required || []).includes(name) ? " (required)" : "";
    const line = `${name}${needed}: ${nameOf(member)} ${bounds(member)}`;
    const candidates = member.anyOf || [member];
    const deeper = candidates
      .flatMap((each) => [each, each.items || {}])
      .find((each) => each.$ref && !seen.includes(each.$ref));
    if (deeper) {
      const details = make("details", "", make("summary", line));
      details.className = "schema";
      details.addEventListener(
        "toggle",
        () => {
          if (details.children.length === 1) {
            details.append(members(api, deeper, [...seen, deeper.$ref]));
          }
        },
      );
      box.append(details);
    } else {
      box.append(make("div", line));
    }
  }
  return box;
};

const show = (api, path, method, operation) => {
  const verb = make("span", method.toUpperCase());
  verb.className = "method";
  const head = make("summary", "", verb, make("code", path), make("span", ` ${operation.summary}`));
  const details = make("details", "", head);
  details.dataset.words = `${method} ${path} ${operation.summary}`.toLowerCase();
  if (operation.description) details.append(make("p", operation.description));
  details.append(make("h3", "Parameters"), table(operation.parameters.map((parameter) => [
    parameter.name,
    parameter.in,
    `${nameOf(parameter.schema)} ${bounds(parameter.schema)}`,
    parameter.description,
  ])));
  if (operation.requestBody) {
    const schema = operation.requestBody.content["application/json"].schema;
    details.append(make("h3", "Body"), members(api, schema, []));
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    const content = (response.content || {})["application/json"];
    if (Number(status) < 300 && content) {
      details.append(make("h3", `${status} ${response.description}`));
      details.append(members(api, content.schema, []));
    }
  }
  const refusals = Object.entries(operation.responses).filter(([status]) => Number(status) >= 300);
  details.append(make("h3", "Refusals"), table(refusals.map(([status, r]) => [status, r.description])));
  return details;
};

const start = async () => {
  const api = await (await fetch("/docs/openapi.json")).json();
  document.getElementById("about").textContent = `${api.info.description} Version ${api.info.version}.`;
  const main = document.getElementById("operations");
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) groups.set(tag, make("section", "", make("h2", tag)));
      groups.get(tag).append(show(api, path, method, operation));
    }
  }
  main.append(...groups.values());
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const details of main.querySelectorAll("section > details")) {
      details.hidden = !details.dataset.words.includes(wanted);
    }
  });
};

start();
