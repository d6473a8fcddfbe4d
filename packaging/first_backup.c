/* Makes a backup of the database that is its argument, and prints the library's answer. */
#include "respaldo.h"

#include <stdio.h>

int main(int count, char **arguments)
{
    char options[256];
    respaldo_store store;
    char *json;
    respaldo_status status;

    snprintf(options, sizeof options, "{\"database\": \"%s\"}", count == 2 ? arguments[1] : "");
    status = respaldo_open(options, &store, &json);
    if (status == RESPALDO_OK) {
        respaldo_string_free(json);
        status = respaldo_create(store, NULL, NULL, NULL, &json);
        respaldo_close(store);
    }
    puts(json);
    respaldo_string_free(json);
    return status == RESPALDO_OK ? 0 : 1;
}
