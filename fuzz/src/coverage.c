/* Lets libFuzzer see which branches of SQLite an input reaches. `run` compiles SQLite with -fsanitize-coverage=trace-pc,
 * which GCC and Clang both know; libFuzzer ignores those calls by now, but looks at this section. */
#include <stdint.h>

#ifdef __clang__
#define NOT_COUNTED __attribute__((no_sanitize("coverage", "address")))
#else
#define NOT_COUNTED __attribute__((no_sanitize_coverage, no_sanitize_address))
#endif

static uint8_t counters[1 << 16] __attribute__((section("__libfuzzer_extra_counters"), used));

NOT_COUNTED void __wrap___sanitizer_cov_trace_pc(void)
{
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    counters[(caller ^ caller >> 16) & 0xffff]++;
}

/* GCC also reports comparisons of floating-point numbers, of which libFuzzer wants to know nothing. */
NOT_COUNTED void __sanitizer_cov_trace_cmpf(float a, float b) { (void)a, (void)b; }
NOT_COUNTED void __sanitizer_cov_trace_cmpd(double a, double b) { (void)a, (void)b; }
