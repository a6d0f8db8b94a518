import { parser } from "@prometheus-io/lezer-promql";

/** What a selector asks of one label. */
interface Matcher {
	readonly label: string;
	readonly operator: string;
	readonly value: string;
}

/** A metric as an expression reads it. */
interface Selector {
	readonly metric: string;
	readonly matchers: readonly Matcher[];
}

/** Labels by series, by metric. */
export type Exposed = ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>;

/** What Prometheus adds by itself. */
const PROMETHEUS_METRICS = ["up"];
const PROMETHEUS_LABELS = ["job", "instance", "le"];

/** Everything that a text in Prometheus' own form exposes. */
export function exposed(text: string): Exposed {
	const metrics = new Map<string, Record<string, string>[]>();
	for (const [, metric = "", pairs = ""] of text.matchAll(/^([a-zA-Z_:][\w:]*)(\{.*\})? \S+$/gm)) {
		const labels = [...pairs.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
		const series = Object.fromEntries(labels.map(([, label = "", value = ""]) => [label, value]));
		metrics.set(metric, [...(metrics.get(metric) ?? []), series]);
	}
	return metrics;
}

/**
 * What an expression takes for granted and the text does not have: metrics, labels of these metrics, values that no
 * series has. Values that must not be there may be anything.
 */
export function unknownNames(expression: string, metrics: Exposed): string[] {
	const { selectors, groupings } = namesIn(expression);
	const allLabels = new Set([...metrics.values()].flat().flatMap(Object.keys));
	const isLabel = (label: string, labels: ReadonlySet<string>) =>
		labels.has(label) || PROMETHEUS_LABELS.includes(label);
	return [
		...selectors.flatMap(({ metric, matchers }) => {
			if (PROMETHEUS_METRICS.includes(metric)) return [];
			const series = metrics.get(metric);
			if (series === undefined) return [`metric ${metric}`];
			const labels = new Set(series.flatMap(Object.keys));
			return matchers
				.filter(({ label }) => !PROMETHEUS_LABELS.includes(label))
				.flatMap((matcher) => {
					if (!labels.has(matcher.label)) return [`label ${matcher.label} of ${metric}`];
					return series.some((each) => accepts(matcher, each[matcher.label] ?? ""))
						? []
						: [`value ${matcher.value} of ${matcher.label} of ${metric}`];
				});
		}),
		...groupings.filter((label) => !isLabel(label, allLabels)).map((label) => `label ${label}`),
	];
}

function accepts({ operator, value }: Matcher, found: string): boolean {
	if (operator === "=") return found === value;
	return operator === "=~" ? new RegExp(`^(?:${value})$`).test(found) : true;
}

/** Reads an expression with the parser of Prometheus' own user interface; one that is none is a RangeError. */
function namesIn(expression: string): { selectors: readonly Selector[]; groupings: readonly string[] } {
	const selectors: { metric: string; matchers: Matcher[] }[] = [];
	const groupings: string[] = [];
	let isGrouping = false;
	parser.parse(expression).iterate({
		enter: ({ type, from, to }) => {
			const text = expression.slice(from, to);
			if (type.isError) throw new RangeError(`no PromQL at ${from}: ${expression}`);
			if (type.name === "GroupingLabels") isGrouping = true;
			if (type.name === "LabelName" && isGrouping) groupings.push(text);
			if (type.name === "Identifier") selectors.push({ metric: text, matchers: [] });
			if (type.name === "UnquotedLabelMatcher") selectors.at(-1)?.matchers.push(matcherOf(text));
		},
		leave: ({ type }) => {
			if (type.name === "GroupingLabels") isGrouping = false;
		},
	});
	return { selectors, groupings };
}

function matcherOf(text: string): Matcher {
	const [, label = "", operator = "", value = ""] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(text) ?? [];
	return { label, operator, value };
}
