# Has the targets of gRPC, Protobuf and Abseil name archives in the place of
# shared libraries: Debian's packages hold both, but their CMake files name only
# those. All or none, or a process has two copies of one library.
# Why: server/decisions/0010-archives.md.
get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER targets INCLUDE REGEX "^(gRPC|protobuf|absl|utf8_range)::")
# No program links the compiler, which has no archive in Debian's newest packages.
list(FILTER targets EXCLUDE REGEX "::libprotoc$")

set(replacements)
set(obstacle)
foreach(target IN LISTS targets)
  foreach(suffix IN ITEMS "" _NONE _NOCONFIG _RELEASE _RELWITHDEBINFO)
    get_target_property(library ${target} IMPORTED_LOCATION${suffix})
    if(library MATCHES "\\.so[.0-9]*$")
      string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
      list(APPEND replacements ${target} IMPORTED_LOCATION${suffix} "${archive}")
      if(NOT EXISTS "${archive}")
        set(obstacle "there is no ${archive}")
      endif()
    endif()
  endforeach()
endforeach()

# Part of gRPC, but no target of its own everywhere. Where it brings Abseil, as on
# Debian 13, it is an archive, too, and what it names as -labsl_x is absl::x, which
# is one by now.
find_library(GATHER_RE2 re2)
set(re2_libraries)
if(GATHER_RE2 MATCHES "\\.so$")
  execute_process(COMMAND ldd ${GATHER_RE2} OUTPUT_VARIABLE needed)
endif()
if(needed MATCHES "libabsl_")
  string(REGEX REPLACE "\\.so$" ".a" archive "${GATHER_RE2}")
  if(TARGET re2::re2 AND EXISTS "${archive}")
    get_target_property(re2_libraries re2::re2 INTERFACE_LINK_LIBRARIES)
    list(TRANSFORM re2_libraries REPLACE "^-labsl_" "absl::")
    list(TRANSFORM re2_libraries REPLACE "^-lre2$" "${archive}")
  else()
    set(obstacle "${GATHER_RE2} brings Abseil as shared libraries")
  endif()
endif()

if(obstacle)
  message(STATUS "GATHER_STATIC: shared libraries all the same, ${obstacle}")
  set(replacements)
  set(re2_libraries)
endif()
if(re2_libraries)
  set_target_properties(re2::re2 PROPERTIES
    INTERFACE_LINK_LIBRARIES "${re2_libraries}")
endif()
while(replacements)
  list(POP_FRONT replacements target property archive)
  set_target_properties(${target} PROPERTIES ${property} "${archive}")
endwhile()
