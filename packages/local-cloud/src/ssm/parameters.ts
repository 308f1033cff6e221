import { AwsError, unknownOperation } from '../aws-error.ts';

type ParameterType = 'String' | 'StringList' | 'SecureString';

interface Parameter {
  name: string;
  value: string;
  type: ParameterType;
  description: string | undefined;
  version: number;
  /** Seconds since the epoch. */
  modifiedAt: number;
}

interface ParameterFilter {
  Key: string;
  Option?: string;
  Values?: string[];
}

/** The input members of all operations, as clients send them. */
interface Input {
  Name?: string;
  Names?: string[];
  Path?: string;
  Value?: string;
  Type?: ParameterType;
  Description?: string;
  Overwrite?: boolean;
  Recursive?: boolean;
  WithDecryption?: boolean;
  ParameterFilters?: ParameterFilter[];
  MaxResults?: number;
  NextToken?: string;
}

/** The SSM parameter store. It keeps only the newest version of each parameter. */
export class Parameters {
  private readonly arnPrefix: string;
  private readonly parameters = new Map<string, Parameter>();
  private readonly operations: Record<string, (input: Input) => unknown> = {
    GetParameter: (input) => ({ Parameter: this.describe(this.find(required(input, 'Name')), input) }),
    GetParameters: (input) => this.getParameters(input),
    GetParametersByPath: (input) => this.getParametersByPath(input),
    PutParameter: (input) => this.putParameter(input),
    DescribeParameters: (input) => this.describeParameters(input),
  };

  constructor(options = { accountId: '000000000000', region: 'us-east-1' }) {
    this.arnPrefix = `arn:aws:ssm:${options.region}:${options.accountId}:parameter`;
  }

  /** Creates a parameter, or a new version of it. */
  put(name: string, value: string, type: ParameterType = 'String', description?: string): void {
    const version = (this.parameters.get(name)?.version ?? 0) + 1;
    this.parameters.set(name, { name, value, type, description, version, modifiedAt: Date.now() / 1000 });
  }

  get(name: string): string | undefined {
    return this.parameters.get(name)?.value;
  }

  /** Runs one operation of SSM's API. @throws AwsError */
  request(action: string, input: unknown): Promise<unknown> {
    return new Promise((resolve) => {
      const operation = Object.hasOwn(this.operations, action) ? this.operations[action] : undefined;
      if (operation === undefined) throw unknownOperation('SSM', action, Object.keys(this.operations));
      resolve(operation(input ?? {}));
    });
  }

  private getParameters(input: Input): unknown {
    const names = input.Names ?? [];
    if (names.length < 1 || names.length > 10) {
      const bound = names.length < 1 ? 'greater than or equal to 1' : 'less than or equal to 10';
      throw constraintViolation('names', `Member must have length ${bound}`);
    }
    const found = names.flatMap((name) => this.lookUp(name) ?? []);
    return {
      Parameters: found.map((parameter) => this.describe(parameter, input)),
      InvalidParameters: names.filter((name) => this.lookUp(name) === undefined),
    };
  }

  private getParametersByPath(input: Input): unknown {
    const path = required(input, 'Path');
    if (!path.startsWith('/')) {
      throw new AwsError('ValidationException', 'The parameter path must begin with a forward slash (/).');
    }
    const below = this.sorted().filter((parameter) => isBelow(path, parameter.name, input.Recursive ?? false));
    return page(
      below.map((parameter) => this.describe(parameter, input)),
      input,
      10,
    );
  }

  private putParameter(input: Input): unknown {
    const name = required(input, 'Name');
    const value = required(input, 'Value');
    const existing = this.parameters.get(name);
    if (existing && !input.Overwrite) {
      const message =
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
      throw new AwsError('ParameterAlreadyExists', message);
    }
    const type = input.Type ?? existing?.type;
    if (type === undefined) {
      throw new AwsError('ValidationException', 'A parameter type is required when you create a parameter.');
    }
    if (!['String', 'StringList', 'SecureString'].includes(type)) {
      throw constraintViolation('type', 'Member must satisfy enum value set: [SecureString, StringList, String]');
    }
    this.put(name, value, type, input.Description ?? existing?.description);
    return { Version: this.parameters.get(name)?.version, Tier: 'Standard' };
  }

  private describeParameters(input: Input): unknown {
    const filters = (input.ParameterFilters ?? []).map(compileFilter);
    const found = this.sorted().filter((parameter) => filters.every((matches) => matches(parameter)));
    const described = found.map((parameter) => {
      const { Value: _, ...metadata } = this.describe(parameter, input);
      return { ...metadata, Description: parameter.description, Tier: 'Standard', Policies: [] };
    });
    return page(described, input, 50);
  }

  private sorted(): Parameter[] {
    return [...this.parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private find(nameOrArn: string): Parameter {
    const parameter = this.lookUp(nameOrArn);
    // AWS sends this error without a message.
    if (parameter === undefined) throw new AwsError('ParameterNotFound', `There is no parameter ${nameOrArn}.`);
    return parameter;
  }

  /** Accepts a name or an ARN, with or without `:version`. It finds no version but the newest. */
  private lookUp(nameOrArn: string): Parameter | undefined {
    const isArn = nameOrArn.startsWith(`${this.arnPrefix}/`);
    const [name = '', version] = (isArn ? nameOrArn.slice(this.arnPrefix.length) : nameOrArn).split(':');
    // An ARN has a slash before the name, also when the name itself starts without one.
    const parameter = this.parameters.get(name) ?? (isArn ? this.parameters.get(name.slice(1)) : undefined);
    return version === undefined || parameter?.version === Number(version) ? parameter : undefined;
  }

  private describe(parameter: Parameter, input: Input) {
    const { name, value, type, version, modifiedAt } = parameter;
    const isEncrypted = type === 'SecureString' && input.WithDecryption !== true;
    return {
      Name: name,
      Type: type,
      // Without WithDecryption AWS returns cipher text. This value stands for it.
      Value: isEncrypted ? Buffer.from(`encrypted:${name}:${version}`).toString('base64') : value,
      Version: version,
      LastModifiedDate: modifiedAt,
      ARN: `${this.arnPrefix}${name.startsWith('/') ? '' : '/'}${name}`,
      DataType: 'text',
    };
  }
}

function isBelow(path: string, name: string, recursive: boolean): boolean {
  const parent = path.endsWith('/') ? path : `${path}/`;
  return name.startsWith(parent) && (recursive || !name.slice(parent.length).includes('/'));
}

function compileFilter(filter: ParameterFilter): (parameter: Parameter) => boolean {
  const values = filter.Values ?? [];
  const option = filter.Option ?? (filter.Key === 'Path' ? 'OneLevel' : 'Equals');
  switch (`${filter.Key} ${option}`) {
    case 'Name Equals':
      return ({ name }) => values.includes(name);
    case 'Name BeginsWith':
      return ({ name }) => values.some((value) => name.startsWith(value));
    case 'Name Contains':
      return ({ name }) => values.some((value) => name.includes(value));
    case 'Type Equals':
      return ({ type }) => values.includes(type);
    case 'Path OneLevel':
    case 'Path Recursive':
      return ({ name }) => values.some((value) => isBelow(value, name, option === 'Recursive'));
    default:
      throw new AwsError(
        'InvalidFilterKey',
        `The local cloud filters parameters by Name, Type and Path, not by ${filter.Key} ${option}.`,
      );
  }
}

function page(items: unknown[], input: Input, most: number): unknown {
  const start = Number(input.NextToken ?? 0);
  const limit = input.MaxResults ?? most;
  if (!Number.isInteger(start) || start < 0)
    throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
  if (limit < 1 || limit > most) {
    throw new AwsError('ValidationException', `MaxResults must be between 1 and ${most}, not ${limit}.`);
  }
  const end = start + limit;
  return { Parameters: items.slice(start, end), NextToken: end < items.length ? String(end) : undefined };
}

function required(input: Input, member: 'Name' | 'Path' | 'Value'): string {
  const value = input[member];
  if (typeof value !== 'string' || value === '')
    throw constraintViolation(member.toLowerCase(), 'Member must not be null');
  return value;
}

function constraintViolation(member: string, constraint: string): AwsError {
  const problem = `Value at '${member}' failed to satisfy constraint: ${constraint}`;
  return new AwsError('ValidationException', `1 validation error detected: ${problem}`);
}
