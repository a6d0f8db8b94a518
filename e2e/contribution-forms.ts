import { parse } from "yaml";

/** What may stand at the top of a form, and of that what must. */
const FORM_KEYS = ["name", "description", "title", "labels", "assignees", "projects", "type", "body"];
const REQUIRED_KEYS = ["name", "description", "body"];
/** The attributes of each kind of element, first the one it needs. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
	markdown: ["value"],
	input: ["label", "description", "placeholder", "value"],
	textarea: ["label", "description", "placeholder", "value", "render"],
	dropdown: ["label", "description", "options", "multiple", "default"],
	checkboxes: ["label", "description", "options"],
};

/** An element of a form, as far as it matters here. */
interface Element {
	readonly type?: string;
	readonly id?: string;
	readonly attributes?: Readonly<Record<string, unknown>>;
	readonly validations?: Readonly<Record<string, unknown>>;
}

/** Why GitHub would not show an issue form, by its published syntax. */
export function formProblems(text: string): string[] {
	const form: Readonly<Record<string, unknown>> = Object(parse(text));
	const body = Array.isArray(form.body) ? (form.body as Element[]) : [];
	const ids = body.flatMap(({ id }) => id ?? []);
	return [
		...Object.keys(form).flatMap((key) => (FORM_KEYS.includes(key) ? [] : [`${key} is no part of a form`])),
		...REQUIRED_KEYS.flatMap((key) => (form[key] ? [] : [`${key} is missing`])),
		...ids.flatMap((id, index) => (ids.indexOf(id) === index ? [] : [`two elements have the id ${id}`])),
		...ids.flatMap((id) => (/^[\w-]+$/.test(id) ? [] : [`${id} cannot be an id`])),
		...(body.some(({ type }) => type !== "markdown") ? [] : ["nothing is asked"]),
		...body.flatMap((element, index) => elementProblems(element).map((p) => `element ${index + 1}: ${p}`)),
	];
}

function elementProblems({ type = "", attributes = {}, validations = {} }: Element): string[] {
	const known = ATTRIBUTES[type];
	if (known === undefined) return [`there is no kind "${type}"`];
	const [needed = ""] = known;
	const options = Array.isArray(attributes.options) ? attributes.options : [];
	const labels = options.map((option: unknown) =>
		typeof option === "string" ? option : Object(option).label,
	);
	return [
		...(typeof attributes[needed] === "string" && attributes[needed] !== "" ? [] : [`${needed} is missing`]),
		...Object.keys(attributes).flatMap((key) => (known.includes(key) ? [] : [`${key} is not for ${type}`])),
		...Object.keys(validations).flatMap((key) => (key === "required" ? [] : [`${key} validates nothing`])),
		...(known.includes("options") && options.length === 0 ? ["there is nothing to choose"] : []),
		...(labels.every((label) => typeof label === "string" && label !== "") ? [] : ["a choice has no text"]),
		...(new Set(labels).size === labels.length ? [] : ["two choices are the same"]),
	];
}

/** Why GitHub would not take the file beside the forms. */
export function chooserProblems(text: string): string[] {
	const chooser: { blank_issues_enabled?: unknown; contact_links?: unknown } = Object(parse(text));
	const links = Array.isArray(chooser.contact_links) ? chooser.contact_links : [];
	return [
		...(typeof chooser.blank_issues_enabled === "boolean" ? [] : ["blank_issues_enabled is not said"]),
		...(links.length > 0 ? [] : ["there is no link"]),
		...links.flatMap((link: unknown) =>
			["name", "url", "about"].flatMap((key) =>
				typeof Object(link)[key] === "string" ? [] : [`a link has no ${key}`],
			),
		),
	];
}
