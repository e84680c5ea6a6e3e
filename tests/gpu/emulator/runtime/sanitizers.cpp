// The checking mode compiles kernels with -fsanitize=thread, bounds, alignment and arithmetic: the compiler then calls
// these functions, which are the emulator's own and not the sanitizers' libraries.
#include <string.h>

#include "machine.h"

struct SourceLocation {
    const char *file;
    uint32_t line, column;
};
struct TypeName {
    uint16_t kind, info;
    char text[1];
};
struct TypeMismatch {
    SourceLocation where;
    const TypeName *type;
    uint8_t log2_alignment, kind;
};
struct OutOfBounds {
    SourceLocation where;
    const TypeName *array, *index;
};

extern "C" {
void __ubsan_handle_type_mismatch_v1(TypeMismatch *what, void *address) {
    fail("misaligned", "%s is used as %s at line %u, which must lie at a multiple of %u bytes", name_of(address).text,
         what->type->text, what->where.line, 1u << what->log2_alignment);
}
void __ubsan_handle_out_of_bounds(OutOfBounds *what, intptr_t index) {
    fail("out of bounds", "index %td of an array %s at line %u", (ptrdiff_t)index, what->array->text, what->where.line);
}
void __ubsan_handle_divrem_overflow(SourceLocation *where, void *, void *) {
    fail("arithmetic", "integer division by zero, or of the least number by -1, at line %u", where->line);
}
void __ubsan_handle_shift_out_of_bounds(SourceLocation *where, void *, void *) {
    fail("arithmetic", "shift by a negative number, or by as many bits as the type has, at line %u", where->line);
}
#define OVERFLOW_OF(name) \
    void __ubsan_handle_##name##_overflow(SourceLocation *where, void *, void *) { \
        fail("arithmetic", "a signed integer overflows at line %u", where->line); \
    }
OVERFLOW_OF(add)
OVERFLOW_OF(sub)
OVERFLOW_OF(mul)
OVERFLOW_OF(negate)

void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
#define ACCESS_OF(bytes) \
    void __tsan_read##bytes(void *p) { access(p, bytes, Access::read, SITE); } \
    void __tsan_write##bytes(void *p) { access(p, bytes, Access::write, SITE); } \
    void __tsan_unaligned_read##bytes(void *p) { access(p, bytes, Access::read, SITE); } \
    void __tsan_unaligned_write##bytes(void *p) { access(p, bytes, Access::write, SITE); } \
    void __tsan_volatile_read##bytes(void *p) { access(p, bytes, Access::read, SITE); } \
    void __tsan_volatile_write##bytes(void *p) { access(p, bytes, Access::write, SITE); }
ACCESS_OF(1)
ACCESS_OF(2)
ACCESS_OF(4)
ACCESS_OF(8)
ACCESS_OF(16)
void __tsan_read_range(void *p, unsigned long bytes) { access(p, bytes, Access::read, SITE); }
void __tsan_write_range(void *p, unsigned long bytes) { access(p, bytes, Access::write, SITE); }
}
