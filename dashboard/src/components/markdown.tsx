import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { marked, Token, Tokens } from "marked";

type Lexer = typeof marked.lexer;

/**
 * Markdown as elements. Nothing is set as HTML: what the parser takes for HTML is shown as text, a
 * picture as its description, and a link leads to http, https and mail only.
 */
export function Markdown({ text }: { text: string }) {
  const [lexer, setLexer] = useState<Lexer | null>(null);
  useEffect(() => {
    // Only a summary needs the parser.
    void import("marked").then((module) => setLexer(() => module.marked.lexer));
  }, []);
  return <div class="markdown">{lexer ? <Blocks tokens={lexer(text)} /> : <p class="plain">{text}</p>}</div>;
}

export function Blocks({ tokens }: { tokens: Token[] }) {
  return (
    <>
      {tokens.map((token, index) => (
        <Block key={index} token={token as Tokens.Generic} />
      ))}
    </>
  );
}

function Block({ token }: { token: Tokens.Generic }) {
  const inside = token.tokens ? <Inline tokens={token.tokens} /> : readReferences(token.text ?? token.raw);
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return <h3 dir="auto">{inside}</h3>;
    case "paragraph":
      return <p dir="auto">{inside}</p>;
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens ?? []} />
        </blockquote>
      );
    case "list":
      return <List list={token as Tokens.List} />;
    case "code":
      return <pre tabIndex={0}>{token.text}</pre>;
    case "hr":
      return <hr />;
    case "table":
      return <Table table={token as Tokens.Table} />;
    case "html":
      return <p dir="auto">{token.raw.trimEnd()}</p>;
    default:
      return <>{inside}</>;
  }
}

function List({ list }: { list: Tokens.List }) {
  const items = list.items.map((item, index) => (
    <li key={index} dir="auto">
      <Blocks tokens={item.tokens} />
    </li>
  ));
  return list.ordered ? <ol start={list.start || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    <table>
      <thead>
        <tr>
          {table.header.map((cell, index) => (
            <th key={index} scope="col">
              <Inline tokens={cell.tokens} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row, index) => (
          <tr key={index}>
            {row.map((cell, column) => (
              <td key={column}>
                <Inline tokens={cell.tokens} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Inline({ tokens }: { tokens: Token[] }) {
  return (
    <>
      {tokens.map((token, index) => (
        <Span key={index} token={token as Tokens.Generic} />
      ))}
    </>
  );
}

function Span({ token }: { token: Tokens.Generic }): ComponentChildren {
  const inside = token.tokens ? <Inline tokens={token.tokens} /> : readReferences(token.text ?? token.raw);
  switch (token.type) {
    case "strong":
      return <strong>{inside}</strong>;
    case "em":
      return <em>{inside}</em>;
    case "del":
      return <del>{inside}</del>;
    case "codespan":
      return <code>{readReferences(token.text)}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link href={token.href}>{inside}</Link>;
    case "image":
      return <>{token.text || token.href}</>;
    case "html":
      return <>{token.raw}</>;
    default:
      return <>{inside}</>;
  }
}

function Link({ href, children }: { href: string; children: ComponentChildren }) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#39": "'",
  nbsp: "\u00A0",
};

/** The text of character references: elements take text, not HTML. */
function readReferences(text: string): string {
  return text.replace(/&(#?\w+);/g, (whole, name: string) => {
    if (ENTITIES[name] !== undefined) return ENTITIES[name];
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return name.startsWith("#") && code > 31 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
