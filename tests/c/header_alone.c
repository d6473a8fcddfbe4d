/* The header needs no other include, and can be included twice. Its types, numbers and signatures are those of the contract. */
#include "respaldo.h"
#include "respaldo.h"

#define MUST_HOLD(name, condition) typedef char name[(condition) ? 1 : -1]

MUST_HOLD(abi_version_is_1, RESPALDO_ABI_VERSION == 1);
MUST_HOLD(status_has_32_bits, sizeof(respaldo_status) == 4);
MUST_HOLD(status_is_signed, (respaldo_status)-1 < 0);
MUST_HOLD(store_has_32_bits, sizeof(respaldo_store) == 4);
MUST_HOLD(store_is_unsigned, (respaldo_store)-1 > 0);

MUST_HOLD(ok, RESPALDO_OK == 0);
MUST_HOLD(invalid_argument, RESPALDO_INVALID_ARGUMENT == 1);
MUST_HOLD(invalid_handle, RESPALDO_INVALID_HANDLE == 2);
MUST_HOLD(unknown_timezone, RESPALDO_UNKNOWN_TIMEZONE == 3);
MUST_HOLD(cancelled, RESPALDO_CANCELLED == 4);
MUST_HOLD(database_not_found, RESPALDO_DATABASE_NOT_FOUND == 20);
MUST_HOLD(backup_not_found, RESPALDO_BACKUP_NOT_FOUND == 21);
MUST_HOLD(permission_denied, RESPALDO_PERMISSION_DENIED == 22);
MUST_HOLD(disk_full, RESPALDO_DISK_FULL == 23);
MUST_HOLD(io_error, RESPALDO_IO_ERROR == 24);
MUST_HOLD(target_exists, RESPALDO_TARGET_EXISTS == 25);
MUST_HOLD(database_locked, RESPALDO_DATABASE_LOCKED == 40);
MUST_HOLD(database_corrupt, RESPALDO_DATABASE_CORRUPT == 41);
MUST_HOLD(not_a_database, RESPALDO_NOT_A_DATABASE == 42);
MUST_HOLD(backup_corrupt, RESPALDO_BACKUP_CORRUPT == 43);
MUST_HOLD(same_file, RESPALDO_SAME_FILE == 44);
MUST_HOLD(different_database, RESPALDO_DIFFERENT_DATABASE == 45);
MUST_HOLD(schema_too_new, RESPALDO_SCHEMA_TOO_NEW == 46);
MUST_HOLD(rows_in_conflict, RESPALDO_ROWS_IN_CONFLICT == 47);
MUST_HOLD(busy, RESPALDO_BUSY == 60);
MUST_HOLD(restore_failed, RESPALDO_RESTORE_FAILED == 61);
MUST_HOLD(second_place_absent, RESPALDO_SECOND_PLACE_ABSENT == 70);
MUST_HOLD(archive_unreachable, RESPALDO_ARCHIVE_UNREACHABLE == 80);
MUST_HOLD(archive_wrong_password, RESPALDO_ARCHIVE_WRONG_PASSWORD == 81);
MUST_HOLD(archive_not_found, RESPALDO_ARCHIVE_NOT_FOUND == 82);
MUST_HOLD(archive_damaged, RESPALDO_ARCHIVE_DAMAGED == 83);
MUST_HOLD(unsupported, RESPALDO_UNSUPPORTED == 90);
MUST_HOLD(internal, RESPALDO_INTERNAL == 99);

/* A second declaration is an error unless it says the same as the header's. */
typedef int32_t (*progress_fn)(void *, uint64_t, uint64_t);
extern progress_fn progress_of_contract;
extern respaldo_progress_fn progress_of_contract;

respaldo_status respaldo_open(const char *, respaldo_store *, char **);
respaldo_status respaldo_close(respaldo_store);
respaldo_status respaldo_create(respaldo_store, const char *, progress_fn, void *, char **);
respaldo_status respaldo_create_if_due(respaldo_store, const char *, progress_fn, void *, char **);
respaldo_status respaldo_list(respaldo_store, const char *, char **);
respaldo_status respaldo_last_backup(respaldo_store, char **);
respaldo_status respaldo_restore(respaldo_store, const char *, progress_fn, void *, char **);
respaldo_status respaldo_verify(respaldo_store, const char *, progress_fn, void *, char **);
respaldo_status respaldo_prune(respaldo_store, const char *, char **);
void respaldo_string_free(char *);
const char *respaldo_version(void);
uint32_t respaldo_abi_version(void);
const char *respaldo_status_name(respaldo_status);

int main(void)
{
    return respaldo_abi_version() == RESPALDO_ABI_VERSION ? 0 : 1;
}
