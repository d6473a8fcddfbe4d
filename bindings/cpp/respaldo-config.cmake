# find_package(respaldo) gives the target respaldo::respaldo: the shared library with respaldo.h and, for C++17, respaldo.hpp.
# It lies in lib/cmake/respaldo below the prefix.

get_filename_component(respaldo_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET respaldo::respaldo)
    add_library(respaldo::respaldo SHARED IMPORTED)
    set_target_properties(respaldo::respaldo PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${respaldo_prefix}/include")
    if(WIN32)
        set_target_properties(respaldo::respaldo PROPERTIES
            IMPORTED_LOCATION "${respaldo_prefix}/bin/respaldo.dll"
            IMPORTED_IMPLIB "${respaldo_prefix}/lib/librespaldo.dll.a")
    else()
        set_target_properties(respaldo::respaldo PROPERTIES
            IMPORTED_LOCATION "${respaldo_prefix}/lib/librespaldo.so.1"
            IMPORTED_SONAME "librespaldo.so.1")
    endif()
endif()
