/** The part of Swagger UI that is used; its bundle brings no types. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface SentRequest {
    url: string;
    method?: string;
    headers: Record<string, string>;
  }
  interface Options {
    spec: object;
    dom_id: string;
    layout: "BaseLayout";
    presets: unknown[];
    deepLinking: boolean;
    docExpansion: "list" | "full" | "none";
    defaultModelsExpandDepth: number;
    filter: boolean;
    validatorUrl: null;
    tryItOutEnabled: boolean;
    displayRequestDuration: boolean;
    requestInterceptor: (request: SentRequest) => SentRequest;
  }
  const SwaggerUIBundle: {
    (options: Options): unknown;
    presets: { apis: unknown };
  };
  export default SwaggerUIBundle;
}
