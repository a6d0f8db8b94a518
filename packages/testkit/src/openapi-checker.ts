import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** What an API answered to a request. */
export interface Answer {
	/** Undefined where there was no method to read. */
	readonly method: string | undefined;
	/** As it was sent, without the query. */
	readonly path: string;
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	/** Undefined where it is not looked at, such as a stream's; empty where there is none. */
	readonly body: string | undefined;
}

/** An object of the document under check. */
type Node = Readonly<Record<string, unknown>>;

/** A node, and where in the document it is. */
interface Place {
	readonly node: Node;
	readonly pointer: string;
}

/** Of HTTP itself, and so not in the document. */
const HTTP_HEADERS: ReadonlySet<string> = new Set([
	"connection",
	"content-length",
	"content-type",
	"date",
	"keep-alive",
	"transfer-encoding",
]);

const DOCUMENT = "document";

/** Checks answers against an OpenAPI 3.1 document: nothing may be in them that is not in the document. */
export class OpenApiChecker {
	readonly #document: Node;
	readonly #ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
	/** By the pointer to the schema. */
	readonly #compiled = new Map<string, ValidateFunction>();

	/** Throws where a schema of the document cannot be compiled. */
	constructor(document: object) {
		this.#document = document as Node;
		this.#ajv.addVocabulary(Object.keys(document));
		this.#ajv.addSchema(document, DOCUMENT);
		for (const pointer of schemaPointers(this.#document)) this.#compile(pointer);
	}

	/** What is wrong with an answer; nothing where it is as the document says. */
	problems(answer: Answer): readonly string[] {
		const found = this.#response(answer);
		const name = `${answer.method} ${answer.path}`;
		if (found === undefined) return [`${name}: status ${answer.status} is not in the document`];
		const problems = [...this.#headerProblems(found, answer), ...this.#bodyProblems(found, answer)];
		return problems.map((problem) => `${name}, ${answer.status}: ${problem}`);
	}

	/** What is wrong with one event of a stream that `path` answers with. */
	eventProblems(path: string, event: string, data: unknown): readonly string[] {
		const operation = at({ node: this.#document, pointer: "" }, "paths", path, "get", "responses", "200");
		const found = at(operation, "content", "text/event-stream", "x-events", event);
		return found === undefined
			? [`the event ${event} is not in the document`]
			: this.#valueProblems(found.pointer, data).map((problem) => `the event ${event}: ${problem}`);
	}

	#response({ method, path, status }: Answer): Place | undefined {
		const root = { node: this.#document, pointer: "" };
		const verb = method === "HEAD" ? "get" : method === method?.toUpperCase() && method?.toLowerCase();
		const template = Object.keys(this.#node("paths")).find((one) => isMadeFrom(one, path));
		const operation = template && verb ? at(root, "paths", template, verb) : undefined;
		const responses = at(operation ?? at(root, "x-other-requests"), "responses");
		return this.#resolved(at(responses, String(status)));
	}

	#headerProblems(response: Place, { headers }: Answer): readonly string[] {
		const documented = at(response, "headers");
		const names = Object.keys(documented?.node ?? {});
		const known = new Set([...HTTP_HEADERS, ...names.map((name) => name.toLowerCase())]);
		const extra = Object.keys(headers).filter((name) => !known.has(name));
		return [
			...extra.map((name) => `the header ${name} is not in the document`),
			...names.flatMap((name) => {
				const header = this.#resolved(at(documented, name));
				const value = headers[name.toLowerCase()];
				if (value === undefined) return header?.node.required ? [`the header ${name} is missing`] : [];
				const schema = at(header, "schema");
				const typed = schema?.node.type === "integer" ? Number(value) : value;
				return schema ? this.#valueProblems(schema.pointer, typed).map((one) => `${name}${one}`) : [];
			}),
		];
	}

	#bodyProblems(response: Place, { method, headers, body }: Answer): readonly string[] {
		const type = headers["content-type"]?.split(";")[0];
		const content = at(response, "content");
		if (content === undefined) return body ? ["there is a body, and none in the document"] : [];
		const schema = type === undefined ? undefined : at(content, type, "schema");
		if (schema === undefined) return [`the content type ${type} is not in the document`];
		if (body === undefined) return [];
		if (method === "HEAD") return body === "" ? [] : ["there is a body"];
		return type === "application/json"
			? this.#jsonProblems(schema.pointer, body)
			: this.#valueProblems(schema.pointer, body);
	}

	#jsonProblems(pointer: string, body: string): readonly string[] {
		try {
			return this.#valueProblems(pointer, JSON.parse(body));
		} catch (error) {
			if (error instanceof SyntaxError) return ["the body is no JSON"];
			throw error;
		}
	}

	/** Tells where something is wrong and never what it is: bodies hold secrets. */
	#valueProblems(pointer: string, value: unknown): readonly string[] {
		const validate = this.#compile(pointer);
		if (validate(value)) return [];
		return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
	}

	#compile(pointer: string): ValidateFunction {
		const known = this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: `${DOCUMENT}#${pointer}` });
		this.#compiled.set(pointer, known);
		return known;
	}

	/** What a reference points to, where it is one. */
	#resolved(place: Place | undefined): Place | undefined {
		const reference = place?.node.$ref;
		if (typeof reference !== "string") return place;
		const names = reference.slice(2).split("/");
		return at({ node: this.#document, pointer: "" }, ...names);
	}

	#node(name: string): Node {
		return (this.#document[name] ?? {}) as Node;
	}
}

/** The place that these names lead to, if there is one. */
function at(place: Place | undefined, ...names: readonly string[]): Place | undefined {
	let found = place;
	for (const name of names) {
		const node = found && Object.hasOwn(found.node, name) ? found.node[name] : undefined;
		if (found === undefined || typeof node !== "object" || node === null) return undefined;
		found = { node: node as Node, pointer: `${found.pointer}/${escaped(name)}` };
	}
	return found;
}

/** A name as part of a JSON pointer in a URI. */
function escaped(name: string): string {
	return encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
}

/** Whether a path is one that a template with `{name}` segments stands for. */
function isMadeFrom(template: string, path: string): boolean {
	const wanted = template.split("/");
	const given = path.split("/");
	return (
		wanted.length === given.length &&
		wanted.every((part, index) => (part.startsWith("{") ? given[index] !== "" : part === given[index]))
	);
}

/** Every place that holds a schema: those of the components, and what is called `schema` elsewhere. */
function* schemaPointers(node: unknown, pointer = "", name = ""): Generator<string> {
	if (typeof node !== "object" || node === null) return;
	if (name === "schema" || /^\/components\/schemas\/[^/]+$/.test(pointer)) yield pointer;
	else
		for (const [key, inner] of Object.entries(node))
			yield* schemaPointers(inner, `${pointer}/${escaped(key)}`, key);
}
