/** What an argument takes. */
export type ArgumentType = "string" | "number" | "bool" | "list" | "map" | BlockType;

/** An argument or a nested block. */
export interface Argument {
	readonly required: boolean;
	readonly type: ArgumentType;
}

/** What may stand in a block, and what a resource gives. */
export interface BlockType {
	readonly arguments: ReadonlyMap<string, Argument>;
	/** Type by name, for what can be referred to. */
	readonly attributes: ReadonlyMap<string, ArgumentType | undefined>;
}

const INTERFACE = /^export interface (\w+)(?: extends [\w.]+)? \{\n([\s\S]*?)^\}/gm;
const PROPERTY = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly \w+(\?)?: (\{[^}]*\}|[^;]+);/g;
const ATTRIBUTE_TYPES: Readonly<Record<string, ArgumentType>> = {
	String: "string",
	Number: "number",
	Boolean: "bool",
	List: "list",
	StringMap: "map",
};
const TERRAFORM_NAME = /\{@link \S+ \w+#(\w+)\}/;

/** Reads what was generated for one resource or data source: the declarations and the code. */
export function readDeclarations(declarations: string, code: string): { name: string; type: BlockType } {
	const name = /static readonly tfResourceType = "(\w+)"/.exec(declarations)?.[1];
	const main = /^class (\w+) extends cdktn\.Terraform(?:Resource|DataSource) \{\n([\s\S]*?)^\}/m.exec(code);
	if (name === undefined || main === null) throw new RangeError("This was not generated for a resource.");
	const interfaces = new Map(
		[...declarations.matchAll(INTERFACE)].map(([, found = "", body = ""]) => [found, body]),
	);
	const block = blockType(interfaces, `${main[1]}Config`);
	return { name, type: { ...block, attributes: attributes(main[2] ?? "") } };
}

function blockType(interfaces: ReadonlyMap<string, string>, name: string): BlockType {
	const found = new Map<string, Argument>();
	for (const [, comment = "", optional, type = ""] of (interfaces.get(name) ?? "").matchAll(PROPERTY)) {
		const terraformName = TERRAFORM_NAME.exec(comment)?.[1];
		if (terraformName === undefined)
			throw new RangeError(`${name} has an argument without its Terraform name.`);
		found.set(terraformName, { required: optional === undefined, type: argumentType(interfaces, type) });
	}
	return { arguments: found, attributes: new Map() };
}

function argumentType(interfaces: ReadonlyMap<string, string>, declared: string): ArgumentType {
	const known = plainType(declared);
	if (known !== undefined) return known;
	const nested = declared.replace(/ \| cdktn\.IResolvable$/, "").replace(/\[\]$/, "");
	if (!interfaces.has(nested)) throw new RangeError(`${declared} is not understood.`);
	return blockType(interfaces, nested);
}

function plainType(declared: string): ArgumentType | undefined {
	if (declared === "string" || declared === "number") return declared;
	if (/^boolean\b/.test(declared)) return "bool";
	if (/^(string|number)\[\]/.test(declared)) return "list";
	return declared.startsWith("{") ? "map" : undefined;
}

/** Only the code has them under their Terraform names; the declarations' names would have to be guessed back. */
function attributes(body: string): Map<string, ArgumentType | undefined> {
	const all = [...body.matchAll(/^ {4}\/\/ (\w+) - computed: /gm)].map(([, name = ""]) => name);
	const getters = [...body.matchAll(/\bget(\w+)Attribute\('(\w+)'\)/g)];
	const types = new Map(getters.map(([, type = "", name = ""]) => [name, ATTRIBUTE_TYPES[type]]));
	return new Map(all.map((name) => [name, types.get(name)]));
}
