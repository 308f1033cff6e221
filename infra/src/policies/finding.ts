/** Something in a stack that its author must mend, or explain in words by {@link justify}. */
export interface Finding {
  /** What was found, with what: `wildcard-action kms:*`. A justification repeats it word for word. */
  id: string;
  stack: string;
  logicalId: string;
  /** The construct that made the resource, as in `airline-seats/Consumer/Queue/Resource`. */
  path: string;
  /** What is wrong, beginning with the culprit. */
  problem: string;
  /** What to do about it. */
  remedy: string;
}

/** Why a finding is right as it is. Stands in code beside what it is about, and holds for that construct and those in it. */
export interface Justification {
  id: string;
  path: string;
  why: string;
}

/**
 * What is left to do: the findings that nobody explains, and the explanations that explain nothing (any more). A wildcard that
 * was taken away must take its excuse with it, or the excuse waits there for the next one.
 */
export function explain(findings: readonly Finding[], justifications: readonly Justification[]): Finding[] {
  const explains = (justification: Justification, finding: Finding): boolean =>
    justification.id === finding.id && `${finding.path}/`.startsWith(`${justification.path}/`);
  const unexplained = findings.filter((finding) => !justifications.some((each) => explains(each, finding)));
  const withoutUse = justifications.filter((each) => !findings.some((finding) => explains(each, finding)));
  const withoutWords = justifications.filter(({ why }) => why.trim().split(/\s+/).length < minimumWords);
  return [
    ...unexplained,
    ...withoutUse.map((justification) => ({
      ...about(justification),
      id: `unused-justification ${justification.id}`,
      problem: `a justification of ${justification.id}, which is not found there`,
      remedy: 'remove the justification, or write the id as the finding has it',
    })),
    ...withoutWords.map((justification) => ({
      ...about(justification),
      id: `wordless-justification ${justification.id}`,
      problem: `the justification of ${justification.id} is ${JSON.stringify(justification.why)}`,
      remedy: `say why it is right, in a sentence (${minimumWords} words or more)`,
    })),
  ];
}

/** For a person: where, what and what to do. */
export function inWords({ id, stack, logicalId, path, problem, remedy }: Finding): string {
  const resource = logicalId === '' ? path : `${logicalId} (${path})`;
  return `stack ${stack}: ${resource}: ${problem}.\n  To do: ${remedy}.\n  Finding: ${id}`;
}

const minimumWords = 5;

function about({ path }: Justification): Pick<Finding, 'stack' | 'logicalId' | 'path'> {
  return { stack: path.split('/')[0]!, logicalId: '', path };
}
