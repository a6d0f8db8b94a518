// JSON Schemas in words, for the page "HTTP API reference".

/**
 * @typedef {object} Schema
 * @property {string} [$ref]
 * @property {string | readonly string[]} [type]
 * @property {unknown} [const]
 * @property {readonly unknown[]} [enum]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {string} [pattern]
 * @property {string} [description]
 * @property {Readonly<Record<string, Schema>>} [properties]
 * @property {readonly string[]} [required]
 * @property {Schema | boolean} [additionalProperties]
 * @property {Schema} [items]
 * @property {readonly Schema[]} [anyOf]
 * @property {readonly Schema[]} [oneOf]
 */

/**
 * What a reference names, or the thing itself.
 * @template {{ $ref?: string }} T
 * @param {object} document
 * @param {T} thing
 * @returns {T}
 */
export function dereferenced(document, thing) {
	if (thing.$ref === undefined) return thing;
	const steps = thing.$ref.replace("#/", "").split("/");
	const found = steps.reduce((part, step) => Object(part)[step], document);
	if (found === undefined) throw new RangeError(`docs/openapi.json: nothing is at ${thing.$ref}.`);
	return /** @type {T} */ (found);
}

/**
 * A schema in a few words, with links to those that have a name.
 * @param {Schema} schema
 * @returns {string} Markdown
 */
export function typeText(schema) {
	if (schema.$ref !== undefined) return `${reference(schema.$ref)}${narrowed(schema)}`;
	if (schema.const !== undefined) return code(String(schema.const));
	if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(", ");
	const choices = schema.anyOf ?? schema.oneOf;
	if (choices !== undefined) return choices.map(typeText).join(", or ");
	if (schema.items !== undefined) return `array of ${typeText(schema.items)}`;
	if (schema.properties !== undefined) return objectText(schema);
	if (typeof schema.additionalProperties === "object")
		return `object of ${typeText(schema.additionalProperties)}`;
	const types = [schema.type ?? "anything"].flat();
	const named = types.filter((type) => type !== "null").join(" or ");
	return `${named}${rangeText(schema)}${types.includes("null") ? " or null" : ""}`;
}

/**
 * A schema with a name, and what it consists of.
 * @param {string} name
 * @param {Schema} schema
 * @returns {string} Markdown
 */
export function schemaSection(name, schema) {
	const { description, properties, required = [] } = schema;
	return [
		`### ${code(name)} {#${anchor(name)}}`,
		...(description === undefined ? [] : [description]),
		properties === undefined ? sentence(typeText(schema)) : propertyTable(properties, required),
	].join("\n\n");
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @returns {string} Markdown
 */
export function table(head, rows) {
	const line = (/** @type {readonly string[]} */ cells) =>
		`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
	return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/**
 * @param {string} text
 * @returns {string} Markdown
 */
export function code(text) {
	return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** @param {Readonly<Record<string, Schema>>} properties @param {readonly string[]} required */
function propertyTable(properties, required) {
	return table(
		["property", "type", "meaning"],
		Object.entries(properties).map(([name, schema]) => [
			required.includes(name) ? code(name) : `${code(name)}, optional`,
			typeText(schema),
			schema.description ?? "",
		]),
	);
}

/** @param {Schema} schema */
function objectText({ properties = {}, required = [] }) {
	const members = Object.entries(properties).map(
		([name, schema]) => `${code(name)}${required.includes(name) ? "" : " (optional)"} ${typeText(schema)}`,
	);
	return `object with ${members.join("; ")}`;
}

/** What a use of a named schema allows of it. @param {Schema} schema */
function narrowed({ properties = {} }) {
	const limits = Object.entries(properties).map(([name, schema]) => `${code(name)} ${typeText(schema)}`);
	return limits.length === 0 ? "" : ` with ${limits.join("; ")}`;
}

/** @param {Schema} schema */
function rangeText({ minimum, maximum, pattern }) {
	if (pattern !== undefined) return ` of the form ${code(pattern)}`;
	if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
	if (minimum !== undefined) return ` from ${minimum}`;
	return maximum === undefined ? "" : ` to ${maximum}`;
}

/** @param {string} ref */
function reference(ref) {
	const name = ref.split("/").at(-1) ?? ref;
	return `[${name}](#${anchor(name)})`;
}

/** @param {string} name */
function anchor(name) {
	return `schema-${name}`;
}

/** @param {string} text */
function sentence(text) {
	return `One of: ${text}.`;
}
