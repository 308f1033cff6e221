import {
  type Contract,
  contractOf,
  readSchemaFiles,
  type SchemaFiles,
} from '@airline/events-schemas/compatibility/contract';
import { UnsupportedSchemaError } from '@airline/events-schemas/compatibility/json-schema';
import { UsageError } from '../cli/usage-error.ts';

/**
 * Reads the contract from a folder of schemas.
 * @throws UsageError that names the schema which is not supported
 */
export function readContract(folder?: string): { schemas: SchemaFiles; contract: Contract } {
  try {
    const schemas = readSchemaFiles(folder);
    return { schemas, contract: contractOf(schemas) };
  } catch (error) {
    throw error instanceof UnsupportedSchemaError ? new UsageError(error.message) : error;
  }
}
