import { expect, test } from "vitest";
import { SNIPPETS } from "../../src/pages/first_run/snippets";

const PLACE = { url: "https://calls.example.org", appId: "app-1", token: "a.b-c_d" };

test("every snippet names the server and holds the token once", () => {
  for (const snippet of SNIPPETS) {
    const text = snippet.write(PLACE);
    expect(text, snippet.name).toContain(PLACE.url);
    expect(text.split(PLACE.token).length, snippet.name).toBe(2);
  }
});

test("a token cannot end the script that it stands in", () => {
  for (const snippet of SNIPPETS.filter((each) => each.token === "participant")) {
    const text = snippet.write({ ...PLACE, token: '</script><script>alert("x")' });
    expect(text.match(/<script/g)?.length, snippet.name).toBe(snippet.write(PLACE).match(/<script/g)?.length);
  }
});

test("only the Janus snippet holds an API token, and it names the app", () => {
  const ofServer = SNIPPETS.filter((snippet) => snippet.token === "api");
  expect(ofServer.map((snippet) => snippet.name)).toEqual(["Janus"]);
  expect(ofServer[0]?.write(PLACE)).toContain(`/v1/apps/${PLACE.appId}/sources/janus`);
});
