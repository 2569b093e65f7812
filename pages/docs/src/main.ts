import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { startFrame } from "../../frame/frame";
import { knownParameters, startCaller, withCaller } from "./caller";

interface Parameter {
  name: string;
  in: string;
  example?: string;
}

interface Document {
  paths: Record<string, Record<string, { parameters?: Parameter[] }>>;
}

startFrame((isDark) => document.documentElement.classList.toggle("dark-mode", isDark));

/** The document, with the caller's own ids as examples of path parameters. */
async function readDocument(): Promise<Document> {
  const [answer] = await Promise.all([fetch("/docs/openapi.json"), startCaller()]);
  const document = (await answer.json()) as Document;
  const known = knownParameters();
  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods)) {
      for (const parameter of operation.parameters ?? []) {
        const value = known[parameter.name];
        if (parameter.in === "path" && value) parameter.example = value;
      }
    }
  }
  return document;
}

async function show(): Promise<void> {
  SwaggerUIBundle({
    spec: await readDocument(),
    dom_id: "#docs",
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    filter: true,
    // Its default sends the document's address to a validator elsewhere.
    validatorUrl: null,
    tryItOutEnabled: false,
    displayRequestDuration: true,
    requestInterceptor: withCaller,
  });
}

void show();
