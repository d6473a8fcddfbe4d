// The header is C++ too: it compiles alone and twice, links with C names, and takes a lambda as the callback.
#include "respaldo.h"
#include "respaldo.h"

#include <string>

int main()
{
    static_assert(RESPALDO_INVALID_HANDLE == 2, "a number of the contract");
    respaldo_progress_fn go_on = [](void *, uint64_t, uint64_t) -> int32_t { return 0; };
    char *json = nullptr;
    const respaldo_status status = respaldo_create(0, nullptr, go_on, nullptr, &json);
    const bool answered = json && std::string(json).find("INVALID_HANDLE") != std::string::npos;
    respaldo_string_free(json);
    return status == RESPALDO_INVALID_HANDLE && answered && respaldo_abi_version() == RESPALDO_ABI_VERSION ? 0 : 1;
}
