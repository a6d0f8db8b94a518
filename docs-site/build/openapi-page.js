// The page "HTTP API reference": docs/openapi.json as Markdown. Every operation has its `operationId` as its anchor.

/** @typedef {import("./openapi-schema.js").Schema} Schema */
/** @typedef {{ $ref?: string, description?: string, required?: boolean, schema?: Schema }} Header */
/** @typedef {{ name: string, in: string, required?: boolean, description?: string, schema: Schema }} Parameter */
/** @typedef {{ schema: Schema, "x-events"?: Readonly<Record<string, Schema>> }} Body */

/**
 * @typedef {object} Response
 * @property {string} [$ref]
 * @property {string} [description]
 * @property {Readonly<Record<string, Header>>} [headers]
 * @property {Readonly<Record<string, Body>>} [content]
 */

/**
 * @typedef {object} Operation
 * @property {string} operationId
 * @property {string} summary
 * @property {string} [description]
 * @property {readonly unknown[]} security
 * @property {readonly Parameter[]} [parameters]
 * @property {Responses} responses
 */

/** @typedef {Readonly<Record<string, Response>>} Responses */

/**
 * @typedef {object} OpenApiDocument
 * @property {{ description: string }} info
 * @property {Readonly<Record<string, Readonly<Record<string, Operation>>>>} paths
 * @property {{ schemas: Readonly<Record<string, Schema>> }} components
 * @property {{ description: string, responses: Responses }} x-other-requests
 */

import { code, dereferenced, schemaSection, table, typeText } from "./openapi-schema.js";

/**
 * @param {OpenApiDocument} document
 * @returns {string} Markdown
 */
export function openApiPage(document) {
	const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => ({
			name: `${method.toUpperCase()} ${path}`,
			operation,
		})),
	);
	const common = commonHeaders(
		document,
		operations.map(({ operation }) => operation.responses),
	);
	const other = document["x-other-requests"];
	return [
		"# HTTP API reference",
		`${document.info.description} Made from [openapi.json](openapi.json), OpenAPI 3.1; what it means in practice is on the page [HTTP API](http-api.md).`,
		table(
			["operation", "what it answers"],
			operations.map(({ name, operation }) => [
				`[${code(name)}](#${operation.operationId})`,
				operation.summary,
			]),
		),
		`Every response has ${[...common].map(([name, value]) => code(`${name}: ${value}`)).join(" and ")}; only other headers are listed below.`,
		...operations.map(({ name, operation }) => operationSection(document, name, operation, common)),
		"## Other requests",
		other.description,
		responseTable(document, other.responses, common),
		"## Schemas",
		...Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema)),
	].join("\n\n");
}

/**
 * @param {OpenApiDocument} document
 * @param {string} name
 * @param {Operation} operation
 * @param {ReadonlyMap<string, string>} common
 */
function operationSection(document, name, operation, common) {
	const { operationId, summary, description, security, parameters = [], responses } = operation;
	return [
		`## ${code(name)} {#${operationId}}`,
		`${summary}. ${security.length === 0 ? "Needs no token." : "Needs the token."}`,
		...(description === undefined ? [] : [description]),
		...(parameters.length === 0 ? [] : [parameterTable(parameters)]),
		responseTable(document, responses, common),
	].join("\n\n");
}

/** @param {readonly Parameter[]} parameters */
function parameterTable(parameters) {
	return table(
		["parameter", "in", "type", "meaning"],
		parameters.map(({ name, in: place, required, description = "", schema }) => [
			code(name),
			required ? `${place}, required` : place,
			typeText(schema),
			description,
		]),
	);
}

/**
 * @param {OpenApiDocument} document
 * @param {Responses} responses
 * @param {ReadonlyMap<string, string>} common
 */
function responseTable(document, responses, common) {
	return table(
		["status", "meaning", "body", "headers"],
		Object.entries(responses).map(([status, response]) => {
			const { description = "", headers = {}, content = {} } = dereferenced(document, response);
			const own = Object.entries(headers).filter(([name]) => !common.has(name));
			return [
				code(status),
				description,
				Object.entries(content).map(bodyText).join("<br>"),
				own.map(([name, header]) => headerText(name, dereferenced(document, header))).join("<br>"),
			];
		}),
	);
}

/** @param {[string, Body]} body */
function bodyText([mediaType, { schema, "x-events": events = {} }]) {
	const named = Object.entries(events).map(([event, data]) => `${code(event)}: ${typeText(data)}`);
	return [`${code(mediaType)} ${typeText(schema)}`, ...named].join("<br>");
}

/** @param {string} name @param {Header} header */
function headerText(name, { description = "", schema = {} }) {
	return `${code(name)} ${typeText(schema)}: ${description}`;
}

/**
 * Headers that every response has with the same fixed value.
 * @param {OpenApiDocument} document
 * @param {readonly Responses[]} all
 * @returns {ReadonlyMap<string, string>}
 */
function commonHeaders(document, all) {
	const sets = all
		.flatMap((responses) => Object.values(responses))
		.map(({ ...response }) => dereferenced(document, response).headers ?? {})
		.map((headers) => fixedValues(document, headers));
	const [first = new Map(), ...others] = sets;
	return new Map([...first].filter(([name, value]) => others.every((other) => other.get(name) === value)));
}

/** @param {OpenApiDocument} document @param {Readonly<Record<string, Header>>} headers */
function fixedValues(document, headers) {
	/** @type {Map<string, string>} */
	const values = new Map();
	for (const [name, header] of Object.entries(headers)) {
		const value = dereferenced(document, header).schema?.const;
		if (typeof value === "string") values.set(name, value);
	}
	return values;
}
