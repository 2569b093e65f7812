import { marked } from "marked";
import { h, isValidElement, type ComponentChildren, type VNode } from "preact";
import { describe, expect, it } from "vitest";
import { Blocks } from "../../src/components/markdown";

/** The elements as HTML, without a browser: components are functions without state. */
function render(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(render).join("");
  if (!isValidElement(node)) return node === null || node === undefined || node === false ? "" : toText(String(node));
  const { type, props } = node as VNode<Record<string, unknown> & { children?: ComponentChildren }>;
  if (typeof type === "function") return render((type as (props: unknown) => ComponentChildren)(props));
  const href = typeof props.href === "string" ? ` href="${toText(props.href)}"` : "";
  return `<${type}${href}>${render(props.children)}</${type}>`;
}

function toText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function html(markdown: string): string {
  return render(h(Blocks, { tokens: marked.lexer(markdown) }));
}

describe("a summary in Markdown", () => {
  it("is shown with its structure", () => {
    expect(html("## Decisions\n\n- **Ada** pays _soon_\n- `x`")).toBe(
      "<h3>Decisions</h3><ul><li><strong>Ada</strong> pays <em>soon</em></li><li><code>x</code></li></ul>",
    );
    expect(html("1. one\n2. two")).toBe("<ol><li>one</li><li>two</li></ol>");
    expect(html("> said\n\n---")).toBe("<blockquote><p>said</p></blockquote><hr></hr>");
    expect(html("| a |\n|---|\n| b |")).toContain("<td>b</td>");
  });

  it("shows what was escaped as it was said", () => {
    expect(html("5 \\* 3 \\_ \\[x\\] \\# \\| \\~ \\> \\\\")).toBe("<p>5 * 3 _ [x] # | ~ > \\</p>");
    expect(html("a &lt;b&gt; &amp;amp; &#39;q&#39; &#x41;")).toBe("<p>a &lt;b> &amp;amp; 'q' A</p>");
    expect(html("- \\# not a head")).toBe("<ul><li># not a head</li></ul>");
  });

  it("never becomes elements of its own", () => {
    for (const attack of [
      "<script>alert(1)</script>",
      "text <img src=x onerror=alert(1)> text",
      "&lt;script&gt;alert(1)&lt;/script&gt;",
      "<svg onload=alert(1)>",
      "![<img src=x>](javascript:alert(1))",
      "`<b>`",
      "    <iframe>",
      "<!-- --><a href='javascript:x'>",
    ]) {
      const shown = html(attack);
      expect(shown).not.toMatch(/<(script|img|svg|iframe|b|a)\b/);
      expect(shown.replaceAll("&lt;", "")).not.toContain("<!");
    }
  });

  it("links to the web and to mail only", () => {
    expect(html("[a](https://example.org/?a=1&b=2)")).toBe(
      '<p><a href="https://example.org/?a=1&amp;b=2">a</a></p>',
    );
    for (const target of ["javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:alert(1)", "/v1/sign-out", "//x.y", "&#106;avascript:x"]) {
      expect(html(`[a](${target})`)).toBe("<p>a</p>");
    }
    expect(html("<javascript:alert(1)>")).not.toContain("<a");
  });
});
