/** A variable that the stack sets on the function. @throws Error that names it when it is missing or empty */
export function requireEnvironment(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`The environment variable ${name} is not set; the service's stack must set it on this function.`);
  return value;
}
