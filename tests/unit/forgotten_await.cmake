# cmake -DCOMPILER=c++ -DROOT=dir -P forgotten_await.cmake
#
# Fails unless the compiler takes the snippet as it is, and refuses it, in the
# words of Task, where the await is forgotten.
set(snippet ${ROOT}/client/tour/forgotten_await_snippet.cc)
set(command ${COMPILER} -std=c++20 -Wall -Werror -fsyntax-only -I${ROOT})

execute_process(COMMAND ${command} ${snippet}
  RESULT_VARIABLE result ERROR_VARIABLE errors)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the awaited task does not compile:\n${errors}")
endif()

execute_process(COMMAND ${command} -DFORGET ${snippet}
  RESULT_VARIABLE result ERROR_VARIABLE errors)
if(result EQUAL 0)
  message(FATAL_ERROR "the forgotten await compiles")
endif()
if(NOT errors MATCHES "a task runs only when it is awaited")
  message(FATAL_ERROR "refused for another reason:\n${errors}")
endif()
