import { closestMatch } from "leven";
import { ENVIRONMENT_VARIABLES } from "./environment-variables.js";
import { isServiceLink } from "./service-link.js";

const KNOWN: ReadonlySet<string> = new Set(
	ENVIRONMENT_VARIABLES.flatMap(({ name, fileAllowed }) => (fileAllowed ? [name, `${name}_FILE`] : [name])),
);

/** What the names in an environment say before any value is looked at. */
export interface EnvironmentNames {
	/** One sentence per name that starts like ours and is not. */
	readonly problems: readonly string[];
	/** Names that Kubernetes injected; they say nothing about the agent. */
	readonly serviceLinks: ReadonlySet<string>;
}

/** Sorts the names of an environment into known ones, Kubernetes service links and mistakes. */
export function checkNames(env: Readonly<Record<string, string | undefined>>): EnvironmentNames {
	const problems: string[] = [];
	const serviceLinks = new Set<string>();
	for (const [name, value] of Object.entries(env)) {
		if (value === undefined || !/^CLEF_AGENT_/i.test(name)) continue;
		if (isServiceLink(name, value)) serviceLinks.add(name);
		else if (!KNOWN.has(name)) problems.push(unknownName(name));
	}
	return { problems, serviceLinks };
}

function unknownName(name: string): string {
	const bare = name.replace(/_FILE$/, "");
	if (KNOWN.has(bare)) return `${name} is not known: ${bare} cannot be given as a file; set ${bare} itself.`;
	const nearest = closestMatch(name.toUpperCase(), [...KNOWN]);
	return `${name} is not known; did you mean ${nearest}?`;
}
