/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 takes it; only what this API needs. */
export interface Schema {
	readonly $ref?: string;
	readonly type?: SchemaType | readonly [SchemaType, "null"];
	readonly description?: string;
	readonly const?: unknown;
	readonly enum?: readonly string[];
	readonly pattern?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: boolean | Schema;
	readonly items?: Schema;
	readonly anyOf?: readonly Schema[];
	readonly oneOf?: readonly Schema[];
}

type SchemaType = "object" | "array" | "string" | "integer" | "boolean";

/** A pointer into the document's components. */
export interface Reference {
	readonly $ref: string;
}

/** A response header. */
export interface Header {
	readonly description: string;
	/** Whether every response of this kind has it. */
	readonly required?: boolean;
	readonly schema: Schema;
}

/** What a body of one type is. */
export interface MediaType {
	readonly schema: Schema;
	/** Of an event stream: the data of each event, by the event's name. */
	readonly "x-events"?: Readonly<Record<string, Reference>>;
}

/** One answer; without `content` it has no body. */
export interface ResponseObject {
	readonly description: string;
	readonly headers: Readonly<Record<string, Header | Reference>>;
	readonly content?: Readonly<Record<string, MediaType>>;
}

/** What a client may send besides the path itself. */
export interface Parameter {
	readonly name: string;
	readonly in: "path" | "query" | "header";
	readonly required?: boolean;
	readonly description: string;
	readonly schema: Schema;
}

/** Answers by status. */
export type Responses = Readonly<Record<string, ResponseObject | Reference>>;

/** One method of one path. */
export interface OperationObject {
	readonly operationId: string;
	readonly summary: string;
	readonly description?: string;
	readonly security: readonly Readonly<Record<string, readonly string[]>>[];
	readonly parameters?: readonly Parameter[];
	readonly responses: Responses;
}

/** The whole document. */
export interface OpenApiDocument {
	readonly openapi: string;
	readonly jsonSchemaDialect: string;
	readonly info: {
		readonly title: string;
		readonly version: string;
		readonly summary: string;
		readonly description: string;
		readonly license: { readonly name: string; readonly identifier: string };
	};
	readonly servers: readonly {
		readonly url: string;
		readonly variables: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
	}[];
	readonly paths: Readonly<Record<string, Readonly<Partial<Record<"get" | "post", OperationObject>>>>>;
	readonly components: {
		readonly schemas: Readonly<Record<string, Schema>>;
		readonly headers: Readonly<Record<string, Header>>;
		readonly responses: Readonly<Record<string, ResponseObject>>;
		readonly securitySchemes: Readonly<Record<string, { readonly type: "http"; readonly scheme: "bearer" }>>;
	};
	/** What requests get that are none of the operations. */
	readonly "x-other-requests": { readonly description: string; readonly responses: Responses };
}
