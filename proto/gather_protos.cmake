# gather_protos(NAME ROOT DIRECTORY PROTOS FILE... [IMPORTS DIRECTORY...]
#   [OUTPUT DIRECTORY]): a library of what protoc makes of those files, which are
# named as they import each other: by their path in ROOT. IMPORTS is where else
# they import from.
#
# One command a proto. Its first OUTPUT is the .grpc.pb.cc: the depfile names
# that one, and Ninja would take any other order for always out of date.
function(gather_protos name)
  cmake_parse_arguments(ARG "" "ROOT;OUTPUT" "PROTOS;IMPORTS" ${ARGN})
  if(NOT ARG_OUTPUT)
    set(ARG_OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/protos)
  endif()
  file(MAKE_DIRECTORY ${ARG_OUTPUT})
  set(paths --proto_path=${ARG_ROOT})
  foreach(directory IN LISTS ARG_IMPORTS)
    list(APPEND paths --proto_path=${directory})
  endforeach()
  set(generated)
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" base ${proto})
    set(out ${ARG_OUTPUT}/${base})
    add_custom_command(
      OUTPUT ${out}.grpc.pb.cc ${out}.grpc.pb.h ${out}.pb.cc ${out}.pb.h
      COMMAND protobuf::protoc
        ${paths}
        --cpp_out=${ARG_OUTPUT}
        --grpc_out=${ARG_OUTPUT}
        --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>
        --dependency_out=${out}.d
        ${proto}
      WORKING_DIRECTORY ${ARG_ROOT}
      DEPENDS ${ARG_ROOT}/${proto} protobuf::protoc gRPC::grpc_cpp_plugin
      DEPFILE ${out}.d
      COMMENT "Generating ${proto}")
    list(APPEND generated ${out}.grpc.pb.cc ${out}.pb.cc)
  endforeach()
  add_library(${name} STATIC ${generated})
  target_include_directories(${name}
    SYSTEM PUBLIC $<BUILD_INTERFACE:${ARG_OUTPUT}>)
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf gRPC::grpc++)
endfunction()
